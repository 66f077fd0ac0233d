"""sacreBLEU's score of translations: for the golden file of heed's own BLEU, and to check it on real outputs.

usage: bleu.py HYPOTHESES REFERENCES    a line each; references as source TAB reference [TAB reference ...]
Prints score, brevity penalty and the two lengths."""

import sys

from sacrebleu.metrics import BLEU

hypotheses = open(sys.argv[1], encoding='utf8').read().split('\n')[:-1]
references = [line.split('\t')[1:] for line in open(sys.argv[2], encoding='utf8').read().split('\n')[:-1]]
assert len(hypotheses) == len(references)
most = max(map(len, references))
columns = [[refs[i] if i < len(refs) else None for refs in references] for i in range(most)]
metric = BLEU()
score = metric.corpus_score(hypotheses, columns)
print(repr([score.score, score.bp, score.sys_len, score.ref_len]))
print(metric.get_signature(), file=sys.stderr)
