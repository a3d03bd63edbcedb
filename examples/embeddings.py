"""Cluster embeddings by similarity: handwritten digits, without being told how many there are; then place new ones.

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

print(f"{clustering.n_clusters_} clusters of {len(old):,} pictures, Markov time {clustering.markov_time_:.2g}")
print(clustering.result_)
for cluster in range(clustering.n_clusters_):
    members = digits_of_old[clustering.labels_ == cluster].tolist()
    most = max(set(members), key=members.count)
    share = members.count(most) / len(members)
    print(f"cluster {cluster:2}: {len(members):4} pictures, {share:4.0%} of them of a {most}")
print(f"agreement with the digits: AMI {adjusted_mutual_info_score(digits_of_old, clustering.labels_):.3f}")
print(f"of {len(new)} new pictures: AMI {adjusted_mutual_info_score(digits_of_new, found):.3f}")
