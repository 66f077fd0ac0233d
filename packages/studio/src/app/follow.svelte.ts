import { untrack } from 'svelte'
import type { Asked } from './asked.svelte'
import { ask } from '../engine/client'
import type { Requests } from '../engine/requests'
import type { AnswerOf, RequestOf } from '../engine/rpc'

/**
 * Asks the engine whenever what is asked has changed, as a component lives. Without a question the answer goes.
 *
 * @returns asks once more, after an error
 */
export function follow<N extends keyof Requests>(
  answer: Asked<AnswerOf<Requests, N>>,
  name: N,
  request: () => RequestOf<Requests, N> | undefined,
): () => void {
  const asked = $derived.by(() => {
    const now = request()
    return now === undefined ? undefined : JSON.stringify(now)
  })
  const send = () => {
    if (asked === undefined) return
    const request = JSON.parse(asked) as RequestOf<Requests, N>
    answer.ask((options) => ask(name, request, options))
  }
  $effect(() => {
    void asked
    untrack(() => {
      if (asked !== undefined) return send()
      answer.stop()
      answer.value = answer.error = undefined
    })
  })
  $effect(() => () => answer.stop())
  return send
}
