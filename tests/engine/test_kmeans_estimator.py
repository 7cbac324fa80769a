import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from huepress import KMeans
from reference import textbook_kmeans as textbook

# With the default start nothing of scikit-learn's list fails. (Two checks skip themselves where
# their optional requirement is missing: pandas, and SCIPY_ARRAY_API.) Starts that draw random
# numbers draw others for repeated samples than for weighted ones, as scikit-learn's own KMeans.
RANDOM_STARTS_MAY_FAIL = {"check_sample_weight_equivalence_on_dense_data"}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("parameters", [{}, {"init": "k-means++", "n_init": 2, "n_swaps": 2}, {"init": "random"}])
def test_scikit_learn_conventions(parameters):
    results = check_estimator(KMeans(n_clusters=3, **parameters), on_fail=None)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert set(failed) <= (RANDOM_STARTS_MAY_FAIL if "init" in parameters else set()), failed
    assert sum(r["status"] == "passed" for r in results) >= 40


@pytest.fixture
def crowds():
    rng = np.random.default_rng(4)
    return np.vstack([rng.normal(at, 0.4, (60, 4)) for at in (-5.0, 0.0, 5.0)])


def test_fit_is_a_fixed_point_of_the_textbook(crowds):
    model = KMeans(3, tol=0).fit(crowds)
    centers, labels = textbook.kmeans(crowds, model.cluster_centers_, 1)
    np.testing.assert_allclose(centers, model.cluster_centers_, atol=1e-5)
    np.testing.assert_array_equal(labels, model.labels_)
    assert model.inertia_ == pytest.approx(textbook.inertia(crowds, centers, labels), rel=1e-6)
    assert model.n_iter_ >= 1


def test_given_centers_and_iterations_follow_the_textbook(crowds):
    start = textbook.random_start(crowds, 3, seed=0)
    model = KMeans(3, init=start, max_iter=2, tol=0).fit(crowds)
    centers, _ = textbook.kmeans(crowds, start, model.n_iter_)
    np.testing.assert_allclose(model.cluster_centers_, centers, atol=1e-5)


def test_weights_equal_repetition(crowds):
    weights = np.arange(len(crowds)) % 4
    weighted = KMeans(3, tol=0).fit(crowds, sample_weight=weights)
    repeated = KMeans(3, tol=0).fit(np.repeat(crowds, weights, axis=0))
    np.testing.assert_allclose(weighted.cluster_centers_, repeated.cluster_centers_, atol=1e-6)
    fractional = KMeans(3, tol=0).fit(crowds, sample_weight=weights * 0.37)
    np.testing.assert_allclose(weighted.cluster_centers_, fractional.cluster_centers_, atol=1e-5)


def test_predict_transform_score(crowds):
    model = KMeans(3).fit(crowds)
    distances = model.transform(crowds)
    np.testing.assert_array_equal(distances.argmin(axis=1), model.predict(crowds))
    assert model.score(crowds) == pytest.approx(-model.inertia_, rel=1e-9)
    np.testing.assert_array_equal(model.fit_predict(crowds), model.labels_)


def test_same_for_any_number_of_jobs(crowds):
    big = np.tile(crowds, (200, 1)) + np.random.default_rng(1).normal(0, 0.1, (len(crowds) * 200, 4))
    one, many = KMeans(9, n_swaps=3).fit(big), KMeans(9, n_swaps=3, n_jobs=3).fit(big)
    np.testing.assert_array_equal(one.cluster_centers_, many.cluster_centers_)
    np.testing.assert_array_equal(one.labels_, many.labels_)


def test_parameters_clone_and_pickle(crowds):
    model = KMeans(5, init="random", random_state=3)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(n_clusters=3) is model and model.n_clusters == 3
    assert repr(model) == "KMeans(init='random', n_clusters=3, random_state=3)"
    with pytest.raises(ValueError, match="n_cluster'"):
        model.set_params(n_cluster=2)
    fitted = pickle.loads(pickle.dumps(model.fit(crowds)))
    np.testing.assert_array_equal(fitted.predict(crowds), model.labels_)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_clusters": 0}, "n_clusters"),
        ({"n_clusters": 2.5}, "n_clusters"),
        ({"init": "best"}, "init"),
        ({"init": np.zeros((2, 4))}, "shape"),
        ({"max_iter": 0}, "max_iter"),
        ({"tol": -1}, "tol"),
        ({"n_clusters": 1000}, "n_samples"),
    ],
)
def test_bad_parameters_are_value_errors(crowds, parameters, message):
    with pytest.raises(ValueError, match=message):
        KMeans(**parameters).fit(crowds)


def test_far_points_and_a_single_center():
    model = KMeans(1).fit([[0.0, 0], [1, 1], [2, 5]])
    assert model.predict([[1e20, 1e20], [-1e300, 0]]).tolist() == [0, 0]
    with pytest.raises(ValueError, match="range"):
        KMeans(2).fit([[-1e308], [1e308]])
    assert np.isfinite(KMeans(2).fit(np.array([[-1e37], [1e38]], np.float32)).cluster_centers_).all()


def test_no_cluster_stays_empty():
    values = np.array([[v] for v in [5, 5, 3, 4, 5, 3, 2, 9, 9, 4, 11, 7, 7, 10]], dtype=float)
    for seed in range(20):
        model = KMeans(7, init="random", random_state=seed, tol=0).fit(values)
        assert len(np.unique(model.labels_)) == 7


@pytest.mark.parametrize("weights", [[10**12] + [1] * 199, [1e308] * 200, [1e-320] * 200, [0.5] * 200])
def test_extreme_weights(weights):
    data = np.random.default_rng(0).normal(0, 1, (200, 3)) + np.repeat([[0], [50]], 100, axis=0)
    model = KMeans(3).fit(data, sample_weight=weights)
    assert len(np.unique(model.labels_)) == 3 and np.isfinite(model.cluster_centers_).all()


def test_labels_equal_predict_far_from_zero():
    for seed in range(10):
        data = (np.random.default_rng(seed).normal(0, 1, (300, 3)) + 1e6).astype(np.float32)
        model = KMeans(9).fit(data)
        np.testing.assert_array_equal(model.labels_, model.predict(data))


def test_too_few_distinct_points_warn():
    with pytest.warns(UserWarning, match="distinct"):
        KMeans(3).fit(np.zeros((10, 3)))


def test_as_many_starts_as_scikit_learn_takes():
    X = np.random.default_rng(0).random((300, 3))
    one, ten = (KMeans(25, init="random", n_init=n, max_iter=2).fit(X).inertia_ for n in (1, 10))
    assert KMeans(25, init="random", n_init="auto", max_iter=2).fit(X).inertia_ == ten < one
    assert KMeans(7, n_init="auto").fit(X).inertia_ == KMeans(7).fit(X).inertia_
    with pytest.raises(ValueError, match="n_init"):
        KMeans(7, n_init="many").fit(X)


def test_a_generator_draws_the_seed():
    X = np.random.default_rng(0).random((300, 3))

    def centers(seed):
        return KMeans(7, init="random", random_state=np.random.default_rng(seed)).fit(X).cluster_centers_

    assert np.array_equal(centers(1), centers(1)) and not np.array_equal(centers(1), centers(2))
