"""Cluster images of handwritten digits without giving the number of clusters, then assign new images to clusters.

Needs scikit-learn: pip install 'mapeq[sklearn]'.
"""

from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.model_selection import train_test_split

from mapeq import InfomapClustering

pictures, digits = load_digits(return_X_y=True)
old, new, digits_of_old, digits_of_new = train_test_split(pictures, digits, test_size=0.2, random_state=0)

clustering = InfomapClustering().fit(old)
found = clustering.predict(new)

print(f"{clustering.n_clusters_} clusters of {len(old):,} images, Markov time {clustering.markov_time_:.2g}")
print(clustering.result_)
for cluster in range(clustering.n_clusters_):
    members = digits_of_old[clustering.labels_ == cluster].tolist()
    most = max(set(members), key=members.count)
    share = members.count(most) / len(members)
    print(f"cluster {cluster:2}: {len(members):4} images, {share:4.0%} of the digit {most}")
print(f"agreement with the digits: AMI {adjusted_mutual_info_score(digits_of_old, clustering.labels_):.3f}")
print(f"for {len(new)} new images: AMI {adjusted_mutual_info_score(digits_of_new, found):.3f}")
