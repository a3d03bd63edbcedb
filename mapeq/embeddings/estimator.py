"""The scikit-learn estimator: clusters vectors by the map equation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mapeq._base.errors import is_whole, option_error
from mapeq._base.keywords import OF_ESTIMATOR, answers_keywords
from mapeq._base.optional import require
from mapeq._base.threads import usable_processors
from mapeq.embeddings.device import on_host
from mapeq.embeddings.given import checked_matrix, is_pair, num_samples
from mapeq.embeddings.graph import (
    GRAPH_METRICS,
    NEED_NEIGHBORS_OF_NEIGHBORS,
    AffinityOptions,
    affinity_graph,
    check_no_ids,
    find_neighbors,
    link_graph,
    link_weights,
    new_neighbors,
)
from mapeq.embeddings.together import search_as_one
from mapeq.inputs import check_preferred_number, checked_markov_time
from mapeq.network.network import Network
from mapeq.objective.options import ObjectiveOptions
from mapeq.optimizer.control import Control, SearchOptions
from mapeq.optimizer.seeds import whole_seed
from mapeq.result.assign import assign
from mapeq.walk.options import WalkOptions

if TYPE_CHECKING:
    import scipy.sparse
    from sklearn import base
    from sklearn.utils import validation

    from mapeq.result.result import Result
else:  # base classes are needed at import; mapeq imports this module only on request
    base = require("sklearn.base", extra="sklearn")
    validation = require("sklearn.utils.validation", extra="sklearn")


class InfomapClustering(base.ClusterMixin, base.BaseEstimator):
    """Cluster vectors by similarity: nearest neighbours, weighted links, modules by the map equation.

    The number of clusters is found, not given. Equal samples are in one cluster.

    Parameters
    ----------
    n_neighbors : int, default 15
        Number of neighbours that each sample is linked to.
    metric : {"cosine", "euclidean", "inner_product", "precomputed", "precomputed_similarity"}, default "cosine"
        Measure of nearness. With the last two, X holds neighbours instead of features, see :meth:`fit`.
    weights : {"auto", "umap", "local", "similarity", "binary", "jaccard"}, default "auto"
        Weight of a link; "auto" is "umap", or "similarity" for given similarities.
    symmetrize : {"union", "mutual", "average", "directed"}, default "union"
        How to combine the links of two samples to each other.
    min_similarity : float, optional
        Minimum similarity of linked samples.
    algorithm : {"auto", "exact", "ann", "gpu"}, default "auto"
        Search for neighbours: "auto" is exact up to 200,000 samples or on a GPU, which PyTorch (extra ``gpu``) or CuPy
        must see, and otherwise approximate (extra ``ann``).
    markov_time : float above 0, or "auto", default "auto"
        Longer times give fewer, larger clusters. "auto" raises it until clusters have boundaries of their own.
    variable_markov_time, variable_markov_damping, variable_markov_min_scale : as in :func:`mapeq.infomap`
    regularization, entropy_correction, preferred_number_of_modules : as in :func:`mapeq.infomap`
    min_cluster_size : int, default 1
        Samples in smaller clusters are noise: they get the label -1 and the probability 0. Clusters are found as
        without it; `min_module_size` of :func:`mapeq.infomap` merges small modules instead.
    multilevel : bool, default False
        Whether clusters may contain clusters, to any depth: ``labels_`` are the finest, ``result_`` has all levels.
    num_trials : int, default 1
        Number of independent searches; their results are recombined into one at least as good as the best.
    random_state : int, numpy Generator or RandomState, random.Random, or None, default 0
        Random seed. The same seed gives the same clusters. A generator draws one number at each fit; None draws a seed.
    n_jobs : int, optional
        Number of threads; by default, and with -1, the number of processors available to the process. It does not
        affect the result.

    Attributes
    ----------
    labels_ : int64 array of shape (n_samples,)
        Cluster of each sample. Cluster 0 has most flow; -1 marks samples in clusters that are too small.
    probabilities_ : float64 array of shape (n_samples,)
        Strength of membership, from 0 to 1, called as in HDBSCAN: the share of the flow between each sample and its
        neighbours that is within its cluster, see :meth:`mapeq.Result.membership_strength`. 1 for samples whose
        neighbours are all in their cluster, 0 for those labelled -1.
    n_clusters_ : int
        Number of clusters, without those that are too small.
    codelength_ : float
        Description length by the map equation, in bits per step.
    markov_time_ : float
        The Markov time used.
    affinity_graph_ : sparse array of shape (n_samples, n_samples)
        The weighted links between samples.
    result_ : mapeq.Result
        The full result, with all levels and statistics.
    n_features_in_ : int
        Number of features; of samples, if neighbours are given.
    feature_names_in_ : array of shape (n_features,)
        Names of the features, if X has names.

    See Also
    --------
    mapeq.neighbor_graph : Builds the graph, and explains its options.
    mapeq.infomap : Clusters any network.

    References
    ----------
    M. Rosvall and C. T. Bergstrom, "Maps of random walks on complex networks reveal community structure",
    PNAS 105, 1118 (2008).

    Examples
    --------
    >>> from mapeq import InfomapClustering
    >>> X = [[1, 0], [3, 0.1], [2, 0.1], [0, 1], [0.2, 4], [0.1, 3]]
    >>> clustering = InfomapClustering(n_neighbors=2).fit(X)
    >>> clustering.labels_
    array([0, 0, 0, 1, 1, 1])
    >>> clustering.probabilities_
    array([1., 1., 1., 1., 1., 1.])
    >>> clustering.predict([[5, 1], [1, 9]])
    array([0, 1])
    """

    @answers_keywords(OF_ESTIMATOR, name="InfomapClustering")
    def __init__(
        self,
        n_neighbors: int = 15,
        *,
        metric: str = "cosine",
        weights: str = "auto",
        symmetrize: str = "union",
        min_similarity: float | None = None,
        algorithm: str = "auto",
        markov_time: float | str = "auto",
        variable_markov_time: bool = False,
        variable_markov_damping: float = 1.0,
        variable_markov_min_scale: float = 1.0,
        regularization: float = 0.0,
        entropy_correction: float = 0.0,
        preferred_number_of_modules: int | None = None,
        min_cluster_size: int = 1,
        multilevel: bool = False,
        num_trials: int = 1,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ):
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.weights = weights
        self.symmetrize = symmetrize
        self.min_similarity = min_similarity
        self.algorithm = algorithm
        self.markov_time = markov_time
        self.variable_markov_time = variable_markov_time
        self.variable_markov_damping = variable_markov_damping
        self.variable_markov_min_scale = variable_markov_min_scale
        self.regularization = regularization
        self.entropy_correction = entropy_correction
        self.preferred_number_of_modules = preferred_number_of_modules
        self.min_cluster_size = min_cluster_size
        self.multilevel = multilevel
        self.num_trials = num_trials
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: object = None) -> InfomapClustering:
        """Cluster the samples.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            With ``metric="precomputed"``, distances of the samples; with "precomputed_similarity", similarities: a
            square matrix, sparse (absent entries are not neighbours, as for scikit-learn's KNeighborsTransformer) or
            dense; or a pair of arrays ``(indices, distances)`` of shape (n_samples, k), in this order.
        y : ignored

        Returns
        -------
        InfomapClustering
            The fitted estimator itself.

        Raises
        ------
        ValueError
            If X or an option is invalid; the message names the place.

        Examples
        --------
        >>> from mapeq import InfomapClustering
        >>> InfomapClustering(n_neighbors=1).fit([[1, 0], [3, 0.1], [0, 1], [0.2, 4]]).n_clusters_
        2
        """
        options = self._affinity_options()
        if not is_whole(self.min_cluster_size, 1):
            raise option_error("min_cluster_size", self.min_cluster_size, "a whole number, 1 or more")
        markov_time, is_auto = checked_markov_time(self.markov_time)
        flow_options = WalkOptions(
            flow_model="directed" if options.symmetrize == "directed" else "undirected",
            markov_time=markov_time,
            variable_markov_time=self.variable_markov_time,
            variable_markov_damping=self.variable_markov_damping,
            variable_markov_min_scale=self.variable_markov_min_scale,
            regularization=self.regularization,
        )
        objective = ObjectiveOptions(
            entropy_correction=self.entropy_correction,
            preferred_number_of_modules=self.preferred_number_of_modules,
        )
        num_threads = self._num_threads()
        search_options = SearchOptions(
            self.num_trials,
            whole_seed(self.random_state, "random_state"),
            num_threads,
            multilevel=self.multilevel,
            fit_markov_time=is_auto,
        )
        X = self._validated(X, options, reset=True)
        check_preferred_number(objective, num_samples(X), "samples")
        groups = options.groups(X)
        neighbors = find_neighbors(X, options, groups, num_threads=num_threads)
        self.affinity_graph_: scipy.sparse.csr_array = affinity_graph(
            neighbors, options, groups, num_threads=num_threads
        )
        self._fit_options = options  # parameters may change before predict
        self._fit_neighbors = neighbors if options.weighting in NEED_NEIGHBORS_OF_NEIGHBORS else None
        self._fit_vectors = None if options.takes_graph else X
        del neighbors  # to save memory during the search
        network = Network.from_csr(self.affinity_graph_, directed=flow_options.flow_model == "directed")
        self.result_: Result = search_as_one(
            network, groups, flow_options, search_options, Control(), objective=objective
        )
        self.codelength_ = self.result_.codelength
        self.markov_time_: float = self.result_.options["markov_time"]
        modules = self.result_.labels_at(-1)
        is_small = np.bincount(modules) < self.min_cluster_size
        self._label_of = np.where(is_small, -1, np.cumsum(~is_small) - 1)
        self.labels_: NDArray[np.int64] = self._label_of[modules]
        strength = self.result_.membership_strength(-1)
        self.probabilities_: NDArray[np.float64] = np.where(self.labels_ < 0, 0.0, strength)
        self.n_clusters_ = int(np.count_nonzero(~is_small))
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Assign new samples to clusters by the map equation, without changing other samples.

        Parameters
        ----------
        X : array_like of shape (m, n_features)
            If neighbours are given, distances or similarities to the samples of :meth:`fit`: a matrix of shape
            (m, n_samples), or a pair ``(indices, distances)``.

        Returns
        -------
        int64 array of shape (m,)
            Cluster of each sample; -1 if the cluster is too small or the sample has no neighbour.

        Raises
        ------
        ValueError
            If X is invalid, or has another number of features.
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.

        Examples
        --------
        >>> from mapeq import InfomapClustering
        >>> clustering = InfomapClustering(n_neighbors=1).fit([[1, 0], [3, 0.1], [0, 1], [0.2, 4]])
        >>> clustering.predict([[5, 1], [1, 9]])
        array([0, 1])
        """
        validation.check_is_fitted(self)
        options = self._fit_options
        X = self._validated(X, options, reset=False)
        num_threads = self._num_threads()
        neighbors = new_neighbors(X, self._fit_vectors, options, num_points=len(self.labels_), num_threads=num_threads)
        weights = link_weights(
            neighbors, options.weighting, options.metric, self._fit_neighbors, num_threads=num_threads
        )
        modules = assign(self.result_, link_graph(neighbors, weights, len(self.labels_)), level=-1)
        labels: NDArray[np.int64] = np.where(modules < 0, -1, self._label_of[modules])
        return labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        takes_graph = self.metric in GRAPH_METRICS
        tags.input_tags.pairwise = takes_graph
        tags.input_tags.sparse = takes_graph
        tags.input_tags.positive_only = self.metric == "precomputed"
        return tags

    def _validated(self, X: Any, options: AffinityOptions, *, reset: bool) -> Any:
        """Validate X as scikit-learn requires; NaN is reported later, with its place."""
        if options.takes_graph and is_pair(X):
            if reset:
                self.n_features_in_ = len(X[0])
                self.__dict__.pop("feature_names_in_", None)
            return X
        how = {"ensure_all_finite": False, "ensure_min_samples": 2 if reset else 1}
        if not options.takes_graph:
            check_no_ids(X)
            X = on_host(X)
            return validation.validate_data(self, X, reset=reset, dtype=[np.float64, np.float32], **how)
        X = validation.check_array(X, accept_sparse="csr", dtype=np.float64, **how)
        checked_matrix(X, options.gives_distances)  # values before the shape, as in scikit-learn
        return validation.validate_data(self, X, reset=reset, skip_check_array=True)

    def _affinity_options(self) -> AffinityOptions:
        return AffinityOptions(
            self.n_neighbors, self.metric, self.weights, self.symmetrize, self.min_similarity, self.algorithm
        )

    def _num_threads(self) -> int:
        if not (self.n_jobs is None or self.n_jobs == -1 or is_whole(self.n_jobs, 1)):
            raise option_error("n_jobs", self.n_jobs, "a whole number, 1 or more, -1 or None")
        return usable_processors() if self.n_jobs in (None, -1) else int(self.n_jobs)
