"""Compares heed's byte-level tokenizers with Python's `tokenizers`: ids, spans and decoded text of every line.

usage: check-tokenizer.py tokenizer.json text-file…     (tabs separate texts as newlines do)
needs: pip install tokenizers; npm run build; run it at the root of the repository
"""

import json
import subprocess
import sys

from tokenizers import Tokenizer

ENCODE = """
import { readFileSync } from 'node:fs'
import { Tokenizer } from 'heed/text'
const { path, texts } = JSON.parse(readFileSync(0, 'utf8'))
const tokenizer = Tokenizer.fromJson(JSON.parse(readFileSync(path, 'utf8')))
const encoded = texts.map((text) => {
  const { ids, tokens } = tokenizer.encode(text)
  return { ids: [...ids], spans: tokens.map(({ start, end }) => [start, end]), decoded: tokenizer.decode(ids) }
})
process.stdout.write(JSON.stringify(encoded))
"""


def utf16_offsets(text):
    """The UTF-16 offset of each code point, and of the end."""
    offsets = [0]
    for character in text:
        offsets.append(offsets[-1] + (2 if ord(character) > 0xFFFF else 1))
    return offsets


def main(path, files):
    texts = []
    for name in files:
        with open(name, encoding='utf8', newline='\n') as file:
            texts += [text for line in file.read().split('\n') for text in line.split('\t')]
    node = ['node', '--input-type=module', '-e', ENCODE]
    run = subprocess.run(node, input=json.dumps({'path': path, 'texts': texts}).encode(), stdout=subprocess.PIPE, check=True)

    tokenizer = Tokenizer.from_file(path)
    wrong = {'ids': 0, 'spans': 0, 'decoded': 0}
    tokens = 0
    for text, ours in zip(texts, json.loads(run.stdout), strict=True):
        theirs = tokenizer.encode(text)
        tokens += len(theirs.ids)
        at = utf16_offsets(text)
        same_ids = theirs.ids == ours['ids']
        # Python puts added special tokens at 0, heed where they stand: both empty.
        same_spans = same_ids and all(
            special or [at[start], at[end]] == span
            for special, (start, end), span in zip(theirs.special_tokens_mask, theirs.offsets, ours['spans'])
        )
        same_text = tokenizer.decode(ours['ids']) == ours['decoded']
        for what, same in [('ids', same_ids), ('spans', same_spans), ('decoded', same_text)]:
            if not same:
                wrong[what] += 1
                print(f'{what} differ: {json.dumps(text)}\n  Python {theirs.ids} {theirs.offsets}\n  heed   {ours}')
    print(f'{len(texts)} texts, {tokens} tokens; different: {wrong}')
    return any(wrong.values())


if __name__ == '__main__':
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
