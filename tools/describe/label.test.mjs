/* node --test tools/describe */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { described, isOneSentence, tagged } from './label.mjs'
import { heldFor, pairOf } from './pairs.mjs'

const labels = (text) => {
  const tokens = tagged(text)
  return described(tokens)?.map(([word, by]) => `${tokens[word].text}=${tokens[by].text}`)
}

const cases = {
  'The elephant is very large.': ['elephant=large'],
  'I gave the tall man a red apple.': ['man=tall', 'apple=red'],
  'He has a large, beautiful house.': ['house=beautiful'],
  "The old man's dog is black and white.": ['man=old', 'dog=black'],
  'The large apple tree is old.': ['tree=large'],
  'The color of the car is red.': ['color=red'],
  'Tom and Mary are very happy.': ['Tom=happy', 'Mary=happy'],
  'Is the door open?': ['door=open'],
  'How old are you?': ['you=old'],
  'How beautiful she is!': ['she=beautiful'],
  'How long are you going to stay?': [],
  'Tom wants to be rich.': ['Tom=rich'],
  'I asked Tom to keep quiet.': ['Tom=quiet'],
  'Tom is ten years old.': ['Tom=old'],
  "I'm sure Tom is right.": ['I=sure'],
  "Tom's very happy.": ['Tom=happy'],
  "Tom's room isn't always clean.": ['room=clean'],
  'Her older sister got married last month.': ['sister=older'],
  'My father has many books.': [],
  'The book that he gave me is interesting.': undefined,
  'She is good-natured.': undefined,
}
for (const [text, expected] of Object.entries(cases))
  test(text, () => assert.deepEqual(labels(text), expected))

test('places are those of the text, and sentences are told apart', () => {
  const text = "I'm happy that it's Tom's."
  for (const { text: word, start, end } of tagged(text)) assert.equal(text.slice(start, end), word)
  assert.equal(isOneSentence('It rains. I stay here.'), false)
})

test('a pair is held out by its lemmas alone, and names have none', () => {
  const pair = (text) => {
    const tokens = tagged(text)
    const [[word, by]] = described(tokens)
    return pairOf(tokens[word], tokens[by])
  }
  assert.equal(pair('The elephants are large.'), 'elephant large')
  assert.equal(pair('Tom is happy.'), undefined)
  const held = Array.from({ length: 4000 }, (_, n) => heldFor(`noun${n} adjective${n % 7}`))
  for (const set of ['valid', 'test']) {
    const share = held.filter((name) => name === set).length / held.length
    assert.ok(Math.abs(share - 1 / 20) < 0.02, `${set}: ${share}`)
  }
})
