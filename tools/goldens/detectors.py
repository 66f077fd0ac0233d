"""Makes packages/heed/src/lens/detectors.golden.json: scores of head detectors on random maps.

usage: detectors.py > packages/heed/src/lens/detectors.golden.json     (at the root of the repository)
needs: pip install numpy

The definition is that of TransformerLens (transformer_lens/head_detector.py), written anew in numpy with the matrices it
builds. A map is given as float32 and computed with as float64; `abs` is there rounded to three decimals, here both are kept.
"""

import json
import sys

import numpy as np

CASES = [(6, 3, True), (13, 4, True), (13, 1, True), (24, 9, True), (9, 3, False)]


def previous(ids):
    return np.eye(len(ids), k=-1)


def duplicate(ids):
    return np.tril((ids[:, None] == ids[None, :]).astype(float), k=-1)


def induction(ids):
    shifted = np.zeros((len(ids), len(ids)))
    shifted[:, 1:] = duplicate(ids)[:, :-1]
    return np.tril(shifted)


def score(weights, pattern, measure, exclude_bos, exclude_current_token):
    if measure == 'mul':
        weights = weights.copy()
        if exclude_bos:
            weights[:, 0] = 0
        if exclude_current_token:
            np.fill_diagonal(weights, 0)
        return (weights * pattern).sum() / weights.sum()
    difference = np.abs(weights - pattern)
    if exclude_bos:
        difference[:, 0] = 0
    if exclude_current_token:
        np.fill_diagonal(difference, 0)
    return 1 - difference.mean() * len(difference)


def case(rng, n, vocabulary, causal):
    ids = rng.integers(0, vocabulary, n)
    scores = 2 * rng.standard_normal((n, n))
    if causal:
        scores[np.triu_indices(n, 1)] = -np.inf
    weights = np.exp(scores - scores.max(1, keepdims=True))
    weights = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    scores = []
    for name, pattern in [('previous', previous), ('duplicate', duplicate), ('induction', induction)]:
        for measure in ['mul', 'abs']:
            for bos in [False, True]:
                for current in [False, True]:
                    value = score(weights.astype(np.float64), pattern(ids), measure, bos, current)
                    entry = {'pattern': name, 'measure': measure, 'excludeBos': bos, 'excludeCurrentToken': current}
                    entry['score'] = float(value)
                    if measure == 'abs':
                        entry['rounded'] = 1 - round(1 - float(value), 3)
                    scores.append(entry)
    digits = [[float(f'{x:.9g}') for x in row] for row in weights]
    return {'ids': ids.tolist(), 'weights': digits, 'scores': scores}


rng = np.random.default_rng(20)
lines = ',\n'.join(json.dumps(case(rng, *shape)) for shape in CASES)
sys.stdout.write(f'[\n{lines}\n]\n')
