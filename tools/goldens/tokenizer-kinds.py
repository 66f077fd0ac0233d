"""Compares heed's tokenizers with Python's `tokenizers`, and writes the golden files of their tests.

usage: tokenizer-kinds.py goldens corpus.txt             small tokenizers and hard lines → packages/heed/src/text/goldens/
       tokenizer-kinds.py check corpus.txt [tokenizer.json …]   larger ones, or those of the files, on a thousand lines
needs: pip install tokenizers sentencepiece; npm run build; run it at the root of the repository
The corpus trains the tokenizers: one text a line or, between tabs, several.

Spans are Python's offsets in UTF-16, but for what the contract of heed says otherwise:
- space: a token's span differs by white space (Python trims it, or a lstrip token takes it)
- covers: the span also has characters that normalisation took away or composed, which Python leaves without a token
- narrower: the span has less, where Python gives each byte of unknown characters side by side the span of all
- empty: Python trims the span to nothing
- literal: the text of an added token beyond ASCII, which Python's ByteLevel decoder takes for bytes
"""

import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

# This file has the package's name.
sys.path = [path for path in sys.path if os.path.abspath(path or '.') != os.path.dirname(os.path.abspath(__file__))]

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

QWEN2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = QWEN2.replace(r'|\p{N}|', r'|\p{N}{1,3}|')
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
    r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BYTES = [f'<0x{byte:02X}>' for byte in range(256)]


# --- tokenizers: the pipelines that the models ship, with small vocabularies ---


def template(tokenizer, single):
    names = [name for name in single.split() if name != '$A']
    tokenizer.post_processor = processors.TemplateProcessing(
        single=single, special_tokens=[(name, tokenizer.token_to_id(name)) for name in names]
    )


def word_piece(corpus, size, lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token='[UNK]'))
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lowercase
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    specials = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
    tokenizer.train_from_iterator(corpus, trainers.WordPieceTrainer(vocab_size=size, special_tokens=specials, show_progress=False))
    template(tokenizer, '[CLS] $A [SEP]')
    tokenizer.decoder = decoders.WordPiece(prefix='##', cleanup=True)
    return tokenizer


def byte_level(corpus, size, pre_tokenizer, specials, normalizer=None, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=specials, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def split_bytes(pattern):
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), 'isolated'), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )


def gpt2(corpus, size):
    return byte_level(corpus, size, pre_tokenizers.ByteLevel(add_prefix_space=False), ['<|endoftext|>'])


def roberta(corpus, size):
    specials = ['<s>', '<pad>', '</s>', '<unk>', AddedToken('<mask>', lstrip=True, special=True)]
    tokenizer = byte_level(corpus, size, pre_tokenizers.ByteLevel(add_prefix_space=False), specials)
    tokenizer.post_processor = processors.RobertaProcessing(('</s>', 2), ('<s>', 0), trim_offsets=True, add_prefix_space=False)
    return tokenizer


def bart_prefix(corpus, size):
    tokenizer = byte_level(corpus, size, pre_tokenizers.ByteLevel(add_prefix_space=True), ['<s>', '</s>'])
    tokenizer.add_tokens([AddedToken('heed', single_word=True), AddedToken('New York', rstrip=True)])
    return tokenizer


def llama3(corpus, size):
    tokenizer = byte_level(corpus, size, split_bytes(LLAMA3), ['<|begin_of_text|>', '<|end_of_text|>'], ignore_merges=True)
    template(tokenizer, '<|begin_of_text|> $A')
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), tokenizer.post_processor])
    return tokenizer


def gpt_oss(corpus, size):
    return byte_level(corpus, size, split_bytes(O200K), ['<|startoftext|>', '<|endoftext|>'], ignore_merges=True)


def qwen2(corpus, size):
    specials = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
    tokenizer = byte_level(corpus, size, split_bytes(QWEN2), specials, normalizer=normalizers.NFC())
    tokenizer.add_tokens([AddedToken('<think>', normalized=False), AddedToken('Größe', normalized=True)])
    return tokenizer


def smollm(corpus, size):
    steps = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    return byte_level(corpus, size, pre_tokenizers.Sequence(steps), ['<|endoftext|>'])


def falcon(corpus, size):
    steps = [
        pre_tokenizers.Punctuation('contiguous'),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        pre_tokenizers.Digits(),
        pre_tokenizers.Split(Regex('[0-9][0-9][0-9]'), 'isolated'),
    ]
    return byte_level(corpus, size, pre_tokenizers.Sequence(steps), ['<|endoftext|>'])


def neox(corpus, size):
    tokenizer = byte_level(
        corpus, size, pre_tokenizers.ByteLevel(add_prefix_space=False), ['<|endoftext|>'], normalizer=normalizers.NFC()
    )
    tokenizer.add_tokens([AddedToken(' ' * n, normalized=True) for n in range(8, 1, -1)])
    return tokenizer


def sentence_piece_bpe(corpus, size):
    tokenizer = Tokenizer(models.BPE(unk_token='<unk>', fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=['<unk>', '<s>', '</s>'] + BYTES, show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    config = json.loads(tokenizer.to_str())
    config['added_tokens'] = config['added_tokens'][:3]
    config['pre_tokenizer'] = None
    tokenizer = Tokenizer.from_str(json.dumps(config))
    mark = [decoders.Replace('▁', ' '), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence([*mark, decoders.Strip(content=' ', left=1)])
    template(tokenizer, '<s> $A')
    return tokenizer


def llama2(corpus, size):
    tokenizer = sentence_piece_bpe(corpus, size)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend('▁'), normalizers.Replace(' ', '▁')])
    return tokenizer


def mistral(corpus, size):
    tokenizer = sentence_piece_bpe(corpus, size)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme='first', split=False)
    return tokenizer


def gemma(corpus, size):
    tokenizer = sentence_piece_bpe(corpus, size)
    tokenizer.normalizer = normalizers.Replace(' ', '▁')
    tokenizer.pre_tokenizer = pre_tokenizers.Split(' ', 'merged_with_previous')
    tokenizer.decoder = decoders.Sequence([decoders.Replace('▁', ' '), decoders.ByteFallback(), decoders.Fuse()])
    return tokenizer


def unigram(corpus, size, specials, unk, normalizer, pre_tokenizer, single):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.UnigramTrainer(vocab_size=size, special_tokens=specials, unk_token=unk, show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.decoder = decoders.Metaspace()
    template(tokenizer, single)
    return tokenizer


def words():
    return pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])


def xlm_r(corpus, size):
    specials = ['<s>', '<pad>', '</s>', '<unk>', AddedToken('<mask>', lstrip=True, special=True)]
    return unigram(corpus, size, specials, '<unk>', normalizers.Precompiled(CHARS_MAP), words(), '<s> $A </s>')


def t5(corpus, size):
    steps = [normalizers.Precompiled(CHARS_MAP), normalizers.Strip(left=False), normalizers.Replace(Regex(' {2,}'), '▁')]
    specials = ['<pad>', '</s>', '<unk>', '<extra_id_0>']
    return unigram(corpus, size, specials, '<unk>', normalizers.Sequence(steps), pre_tokenizers.Metaspace(), '$A </s>')


def albert(corpus, size):
    steps = [
        normalizers.Replace('``', '"'),
        normalizers.Replace("''", '"'),
        normalizers.NFKD(),
        normalizers.StripAccents(),
        normalizers.Lowercase(),
        normalizers.Precompiled(CHARS_MAP),
        normalizers.Replace(Regex(' {2,}'), ' '),
    ]
    specials = ['<pad>', '<unk>', '[CLS]', '[SEP]', AddedToken('[MASK]', lstrip=True, special=True)]
    return unigram(corpus, size, specials, '<unk>', normalizers.Sequence(steps), words(), '[CLS] $A [SEP]')


def unigram_bytes(corpus, size):
    steps = normalizers.Sequence([])
    tokenizer = unigram(corpus, size, ['<unk>', '</s>'], '<unk>', steps, pre_tokenizers.Metaspace(), '$A </s>')
    config = json.loads(tokenizer.to_str())
    config['model']['byte_fallback'] = True
    config['model']['vocab'] += [[piece, -30.0] for piece in BYTES]
    return Tokenizer.from_str(json.dumps(config))


def unigram_nfkc(corpus, size):
    steps = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Metaspace(prepend_scheme='never')])
    return unigram(corpus, size, ['<unk>', '</s>'], '<unk>', normalizers.NFKC(), steps, '$A </s>')


KINDS = {
    'bert-uncased': lambda corpus, size: word_piece(corpus, size, True),
    'bert-cased': lambda corpus, size: word_piece(corpus, size, False),
    'gpt2': gpt2,
    'roberta': roberta,
    'prefix-space': bart_prefix,
    'llama3': llama3,
    'gpt-oss': gpt_oss,
    'qwen2': qwen2,
    'smollm': smollm,
    'falcon': falcon,
    'neox': neox,
    'llama2': llama2,
    'mistral': mistral,
    'gemma': gemma,
    'xlm-r': xlm_r,
    't5': t5,
    'albert': albert,
    'unigram-bytes': unigram_bytes,
    'unigram-nfkc': unigram_nfkc,
}


def chars_map(corpus, rules):
    """SentencePiece's precompiled map: nmt_nfkc as XLM-R, T5 and ALBERT ship it, or one of few rules."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, 'rules.tsv').write_text(
            ''.join(f'{source}\t{target}\n' for source, target in rules or []), encoding='utf8'
        )
        rule = {'normalization_rule_tsv': f'{folder}/rules.tsv'} if rules else {'normalization_rule_name': 'nmt_nfkc'}
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(corpus[:2000]), model_prefix=f'{folder}/m', vocab_size=300, hard_vocab_limit=False,
            minloglevel=2, **rule,
        )
        proto = sentencepiece_model_pb2.ModelProto()
        proto.ParseFromString(pathlib.Path(folder, 'm.model').read_bytes())
        return proto.normalizer_spec.precompiled_charsmap


def few_rules():
    """A part of NFKC, which keeps the golden files small."""
    import unicodedata

    picked = 'ﬁﬂ①②㈱ＡＢｃ１２！？　\u00a0\u2003…™ªº½ⅣｶﾞＺ㎞ǆ'
    pairs = [(c, unicodedata.normalize('NFKC', c)) for c in picked]
    pairs += [(c + mark, unicodedata.normalize('NFC', c + mark)) for c in 'aeiou' for mark in '\u0301\u0308']
    pairs += [('\u200b', ' '), ('\t', ' '), ('\n', ' '), ('\u0007', ''), ('ｶﾞ', 'ガ')]
    code = lambda text: ' '.join(f'{ord(c):X}' for c in text)
    return [(code(source), code(target)) for source, target in pairs]


# --- texts ---

HARD = """The elephant is very large.
 leading and trailing 
don't can't WE'LL I'M it'ſ she's o'clock
Ärger, Größe und Übermut: groß größer
cafe\u0301s na\u00efve r\u00e9sum\u00e9 e\u0301\u0323x d\u0301\u0323 q\u0301\u0301
\u0130stanbul \u0131 ΟΔΥΣΣΕΥΣ Σ ς ﬃ ﬁre
漢字かな交じり文。カタカナ ｶﾞｷﾞ ㈱ ﾊﾟ
中文字符 𠮷野家 𪚥 \u9fff 豈
한국어 \u1112\u1161\u11ab\u1100\u1173\u11af 각 가\u11a8
नमस्ते दुनिया क्षि க்ஷ கொ ക്ഷ
สวัสดีชาวโลก ກຳ အင်္ဂလိပ်
שלום עולם שָׁלוֹם مرحبا بالعالم مُحَمَّد
Здравствуй, мир! Ёлка й и\u0306
Ξεσκεπάζω την ψυχοφθόρα
👩‍👩‍👧‍👦 👍🏽 🇩🇪🇫🇷 🏳️‍🌈 1️⃣ ☃️ 😀😁😂
a👨‍💻b🦒c 🏴󠁧󠁢󠁥󠁮󠁧󠁿
zero\u200bwidth\u200djoin\u2060er\ufeffbom soft\u00adhyphen
nbsp\u00a0thin\u2009em\u2003ideographic\u3000line\u2028par\u2029nel\u0085end
control\u0001\u0007\u001f\u007fchars\u0000null
\u0301starts with a mark
\u200bstarts with nothing
ends with nothing\u200b\u00ad
tab\tnew\nline\r\ncrlf\rcr\n\n\nthree
  two   three    four     spaces
    if (x < 10) {\n\t\treturn y[0] + "ok";\n    }
for i in range(10):\n        print(f"{i:03d}")  # comment
const f = (a, b) => a?.b ?? `${b}` // ok
https://example.org/a?b=c&d=%20e#f user@example.org
1234567890 3.14159 1,000,000 ٣٤٥ ²³ ½ Ⅳ १२
$5 €10 £3 ¥100 50% 10° ±2 a+b=c x^y ~z `q` |p|
...!!!??? --- *** ___ «guillemets» “curly” ‘quotes’ ``tex''
[MASK] <mask> <s>hi</s> <unk> [UNK] [CLS]
The  <mask>  dog [MASK]\u0301
<|endoftext|>a<|im_start|>b <think> <extra_id_0>
▁marks▁in ▁ text ▁▁
Ġbytes Ċ in Āā text ## ##ing a##b
<0x0A> <0xE6> &amp; &lt;
heed heeds unheed heed, New York  is
Große Größe Gro\u0308ße
ａｂｃ ＡＢＣ １２３ ！？ ①② ™ ª º
A\u030a Å \u212b \u2126 \u1e9b\u0323
\ufffd replaced \ufffd\ufffd
supercalifragilisticexpialidocious antidisestablishmentarianism
""".split('\n')[:-1] + ['', ' ', '\n', '\u0301', 'a', '\u00a0', '😀', 'x' * 120, '\u200b', '   \t ', 'é', 'e\u0301']


def hard_lines():
    # Within a line, \n of the source code above is written as such.
    return [line.replace('\\n', '\n').replace('\\t', '\t') for line in HARD]


def mixed_lines(corpus, count):
    """Lines of the corpus, the hard ones, their words in new orders, and random characters."""
    generator = random.Random(7)
    hard = hard_lines()
    pool = [word for line in hard for word in line.split(' ')] + [' ', '  ', '\n', '\t', '\u00a0', '\u3000']
    ranges = [(0x20, 0x7F), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0xD7F), (0xE00, 0xEFF)]
    ranges += [(0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x2BFF), (0x3000, 0x33FF), (0x4E00, 0x4F00)]
    ranges += [(0xAC00, 0xAD00), (0xF900, 0xFAFF), (0xFB00, 0xFFEF), (0x1D400, 0x1D7FF), (0x1F300, 0x1FAFF), (0x20000, 0x20100)]
    lines = hard + generator.sample(corpus, count // 3)
    while len(lines) < count:
        if generator.random() < 0.6:
            parts = generator.choices(pool, k=generator.randrange(1, 12))
            lines.append(generator.choice(['', ' ']).join(parts))
        else:
            picked = [generator.choice(ranges) for _ in range(generator.randrange(1, 20))]
            # U+061D is younger than the table of punctuation that the Rust WordPiece has, of Unicode 8.
            lines.append(''.join(chr(generator.randint(*range_)) for range_ in picked).replace('\u061d', ''))
    return lines


# --- comparison ---


def utf16_offsets(text):
    """The UTF-16 offset of each code point, and of the end."""
    offsets = [0]
    for character in text:
        offsets.append(offsets[-1] + (2 if ord(character) > 0xFFFF else 1))
    return offsets


def encoded(tokenizer, text):
    """Ids and UTF-16 spans as Python has them, and the decoded text."""
    found = tokenizer.encode(text)
    at = utf16_offsets(text)
    around = [
        mask == 1 and word is None and start == end
        for mask, word, (start, end) in zip(found.special_tokens_mask, found.word_ids, found.offsets)
    ]
    spans = [None if skip else [at[start], at[end]] for skip, (start, end) in zip(around, found.offsets)]
    return {'text': text, 'ids': found.ids, 'spans': spans, 'decoded': tokenizer.decode(found.ids)}


HEED = """
import { readFileSync } from 'node:fs'
import { Tokenizer } from './packages/heed/dist/text/index.js'
const { path, texts } = JSON.parse(readFileSync(0, 'utf8'))
const tokenizer = Tokenizer.fromJson(JSON.parse(readFileSync(path, 'utf8')))
const encoded = texts.map((text) => {
  const { ids, tokens } = tokenizer.encode(text)
  return { ids: [...ids], spans: tokens.map(({ start, end }) => [start, end]), decoded: tokenizer.decode(ids) }
})
process.stdout.write(JSON.stringify(encoded))
"""


def units(text, start, end):
    return text.encode('utf-16-le', 'surrogatepass')[2 * start : 2 * end].decode('utf-16-le', 'replace')


def trimmed(text, span):
    """A span without the white space at its ends."""
    inner = units(text, *span)
    return [span[0] + len(inner) - len(inner.lstrip()), span[1] - len(inner) + len(inner.rstrip())]


def difference(text, theirs, ours):
    """What the difference of two spans is called; none when they are the same."""
    if theirs == ours or theirs is None:
        return None
    if theirs[0] == theirs[1]:
        return 'empty'
    inner, own = trimmed(text, theirs), trimmed(text, ours)
    if inner == own:
        return 'space'
    for (a, b), (c, d) in [(theirs, ours), (inner, own)]:
        if c <= a and b <= d:
            return 'covers'
        if a <= c and d <= b:
            return 'narrower'
    return 'spans'


def compare(name, path, texts, show):
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    node = ['node', '--input-type=module', '-e', HEED]
    run = subprocess.run(node, input=json.dumps({'path': str(path), 'texts': texts}).encode(), stdout=subprocess.PIPE, check=True)
    counts = collections.Counter()
    for text, ours in zip(texts, json.loads(run.stdout), strict=True):
        theirs = encoded(tokenizer, text)
        counts['lines'] += 1
        counts['tokens'] += len(theirs['ids'])
        found = collections.Counter()
        if theirs['ids'] != ours['ids']:
            found['ids'] += 1
        else:
            found.update(filter(None, (difference(text, a, b) for a, b in zip(theirs['spans'], ours['spans']))))
        if theirs['decoded'] != ours['decoded'] and theirs['ids'] == ours['ids']:
            found['literal' if '\ufffd' in theirs['decoded'] and '\ufffd' not in ours['decoded'] else 'decoded'] += 1
        counts += found
        if any(what in found for what in show):
            if 'brief' in show:
                for a, b in zip(theirs['spans'], ours['spans']):
                    if difference(text, a, b) in show:
                        print(name, difference(text, a, b), ascii(units(text, *a)), ascii(units(text, *b)), a, b)
                continue
            print(f'{name}: {dict(found)} {json.dumps(text)}\n  Python {theirs}\n  heed   {ours}')
    print(f'{name}: {dict(counts)}', flush=True)
    return counts['ids'] + counts['spans'] + counts['decoded']


def main(command, corpus_file, *files):
    global CHARS_MAP
    lines = pathlib.Path(corpus_file).read_text(encoding='utf8').split('\n')
    corpus = [text for line in lines for text in line.split('\t') if text]
    if command == 'goldens':
        corpus = corpus[:: max(1, len(corpus) // 5000)]
        CHARS_MAP = chars_map(corpus, few_rules())
        for name, make in KINDS.items():
            tokenizer = make(corpus, 500)
            out = pathlib.Path('packages/heed/src/text/goldens', f'{name}.jsonl')
            rows = [json.loads(tokenizer.to_str())]
            for text in hard_lines():
                row = encoded(tokenizer, text)
                # A flat list is shorter. Special tokens put around the text are at -1.
                row['spans'] = [at for span in row['spans'] for at in span or (-1, -1)]
                rows.append(row)
            lines = ''.join(json.dumps(row, ensure_ascii=False, separators=(',', ':')) + '\n' for row in rows)
            out.write_text(lines, encoding='utf8')
        return 0
    corpus = corpus[:: max(1, len(corpus) // 30000)]
    texts = mixed_lines(corpus, 1000)
    show = os.environ.get('SHOW', 'ids,spans,decoded').split(',')
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        CHARS_MAP = chars_map(corpus, None)
        for name, make in KINDS.items() if not files else []:
            path = pathlib.Path(folder, f'{name}.json')
            make(corpus, 3000).save(str(path))
            wrong += compare(name, path, texts, show)
        for path in files:
            wrong += compare(path, path, texts, show)
    return int(wrong > 0)


if __name__ == '__main__':
    if len(sys.argv) < 3 or sys.argv[1] not in ('goldens', 'check'):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
