"""Cluster embeddings by similarity: images of handwritten digits, with the number of clusters unknown.

Needs scikit-learn: pip install '.[sklearn]' in the repository.
"""

from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.model_selection import train_test_split

from mapeq import InfomapClustering

images, digits = load_digits(return_X_y=True)
images, new_images, digits, new_digits = train_test_split(images, digits, test_size=0.2, random_state=0)

clustering = InfomapClustering().fit(images)
new_labels = clustering.predict(new_images)

print(f"{clustering.n_clusters_} clusters of {len(images):,} images, Markov time {clustering.markov_time_:.2g}")
for cluster in range(clustering.n_clusters_):
    members = digits[clustering.labels_ == cluster].tolist()
    digit = max(set(members), key=members.count)
    print(f"cluster {cluster:2}: {len(members):4} images, {members.count(digit) / len(members):4.0%} show a {digit}")
print(f"agreement with the digits: AMI {adjusted_mutual_info_score(digits, clustering.labels_):.3f}")
print(f"for {len(new_images)} new images: AMI {adjusted_mutual_info_score(new_digits, new_labels):.3f}")
