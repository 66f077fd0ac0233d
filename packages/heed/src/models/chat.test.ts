import { expect, test } from 'vitest'
import { coded } from '../testing/index.js'
import { renderChat } from './chat.js'
import type { ModelFiles } from './family.js'

const user = (content: string) => ({ role: 'user', content })
const withTemplate = (chatTemplate: string, tokenizerConfig?: Record<string, unknown>): ModelFiles => ({
  chatTemplate,
  tokenizerConfig,
})

test('renders a conversation as the template says, up to where the model answers', async () => {
  // As ChatML templates are, with a default system prompt, a space that is trimmed and a loop variable.
  const template = `{% if messages[0].role != 'system' %}
{{- '<|im_start|>system\\nBe kind.<|im_end|>\\n' }}
{% endif %}
{%- for message in messages %}
    {%- if loop.first %}{{ bos_token }}{% endif %}
    {{- '<|im_start|>' + message['role'] + '\\n' + message.content | trim + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
{%- if tools is not none %}tools{% endif %}{{ missing }}`
  const files = withTemplate(template, {
    bos_token: { content: '<s>' },
    eos_token: '</s>',
    add_bos_token: true,
  })
  expect(await renderChat([user(' Hi '), { role: 'assistant', content: 'Yes?' }, user('Ä 🐘')], files)).toBe(
    '<|im_start|>system\nBe kind.<|im_end|>\n\n<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes?<|im_end|>\n' +
      '<|im_start|>user\nÄ 🐘<|im_end|>\n<|im_start|>assistant\n',
  )
})

test('takes the template of the file first, else that of tokenizer_config.json, the one named default', async () => {
  const render = (files: ModelFiles) => renderChat([user('x')], files)
  const named = [
    { name: 'tool_use', template: 'tools' },
    { name: 'default', template: 'named' },
  ]
  expect(await render({ tokenizerConfig: { chat_template: 'one' } })).toBe('one')
  expect(await render({ tokenizerConfig: { chat_template: named } })).toBe('named')
  expect(await render({ chatTemplate: 'file', tokenizerConfig: { chat_template: 'one' } })).toBe('file')
  for (const files of [{}, { tokenizerConfig: {} }, { tokenizerConfig: { chat_template: null } }])
    await expect(render(files)).rejects.toThrow(coded('unsupported', 'no chat template'))
  for (const chat_template of [1, {}, [], [named[0]], [{ name: 'default', template: 1 }]])
    await expect(render({ tokenizerConfig: { chat_template } })).rejects.toThrow(
      coded('format', 'chat_template'),
    )
})

test('knows the date where a template asks for it', async () => {
  expect(
    await renderChat([user('x')], withTemplate(`{{ strftime_now('%Y-%m-%d %d %b %B %H:%M 100%%') }}`)),
  ).toMatch(/^20\d\d-\d\d-\d\d \d\d [A-Z][a-z]{2} [A-Z][a-z]+ \d\d:\d\d 100%$/)
})

test('tells what the template refuses, and what it cannot do', async () => {
  const render = (template: string) => renderChat([user('x')], withTemplate(template))
  await expect(render(`{{ raise_exception('roles must\nalternate') }}`)).rejects.toThrow(
    coded('input', 'refuses', 'roles must\\nalternate'),
  )
  for (const broken of [
    '{% for %}',
    '{{ x',
    '{{ messages.foo.bar() }}',
    '{% set x = 1 / {} %}',
    '{{ [1] | nothing }}',
  ])
    await expect(render(broken), broken).rejects.toThrow(coded('format', 'chat template'))
})

test('a conversation is a list of messages with texts', async () => {
  for (const messages of [
    [],
    [null],
    Array(1),
    [{ role: 'user' }],
    [{ role: 1, content: 'x' }],
    'text',
    {},
  ] as never[])
    await expect(renderChat(messages, withTemplate('x'))).rejects.toThrow(coded('input', 'role, content'))
})

test('no template works without end', async () => {
  const nested = (depth: number) =>
    '{% for a in range(1000) %}'.repeat(depth) + 'x' + '{% endfor %}'.repeat(depth)
  const hostile = {
    loops: nested(4),
    'empty loops': nested(4).replace('x', ''),
    'a loop with nothing in it': '{% for i in range(1000000) %}{% endfor %}',
    'loops with nothing in them': `{% for a in range(100) %}{% for i in range(65536) %}{% endfor %}{% endfor %}`,
    'a long list': `{% set n = namespace(s=[1]) %}{% for i in range(17) %}{% set n.s = n.s + n.s %}{% endfor %}`,
    range: '{% for i in range(1000000000) %}{% endfor %}',
    'a range without end': '{% for i in range(0, 1, 0) %}{% endfor %}',
    'a macro that calls itself': '{% macro f(x) %}{{ f(x) }}{{ f(x) }}{% endmacro %}{{ f(1) }}',
    'a text that doubles':
      "{% set n = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    'a list that doubles':
      '{% set n = namespace(s=[1]) %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}',
    'a list of itself, twice': `{% set n = namespace(s=[1]) %}{% for i in range(60) %}{% set n.s = [n.s, n.s] %}{% endfor %}{{ n.s }}`,
    'namespaces in a circle': `{% set n = namespace() %}{% set n.s = [n, n] %}{{ n.s | tojson }}`,
    'filled later': `${Array.from({ length: 40 }, (_, i) => `{% set n${i} = namespace() %}`).join('')}${Array.from(
      { length: 39 },
      (_, i) => `{% set n${i + 1}.s = [n${i}, n${i}] %}`,
    ).join('')}{{ [n39] | tojson }}`,
    indentation: "{{ 'a\\nb' | indent(500000000) }}",
    replacing:
      "{% set n = namespace(s='a') %}{% for i in range(60) %}{% set n.s = n.s | replace('a', 'aa') %}{% endfor %}",
    'white space': `x${' '.repeat(60000)}`,
    length: 'x'.repeat(70000),
    depth: `{{ ${'['.repeat(30000)}${']'.repeat(30000)} }}`,
  }
  for (const [name, template] of Object.entries(hostile)) {
    const start = performance.now()
    const rendered = renderChat([user('x')], withTemplate(template), { milliseconds: 200 })
    await expect(rendered, name).rejects.toThrow(coded('format', 'chat template'))
    expect(performance.now() - start, name).toBeLessThan(4000)
  }
}, 60_000)

test('a long conversation is no hostile one', async () => {
  const messages = Array.from({ length: 3000 }, (_, i) => ({
    role: i % 2 ? 'assistant' : 'user',
    content: 'word '.repeat(40),
  }))
  const template = `{% for m in messages %}{% if messages[loop.index0].role == m.role %}<{{ m.role }}>{{ m.content | trim }}{% endif %}{% endfor %}`
  expect((await renderChat(messages, withTemplate(template))).length).toBeGreaterThan(600_000)
})
