import { Gate, runTraining, type TrainEvent, type TrainRequest } from './train-run'

/*
 * A worker of its own: whatever else the page asks of the engine is answered while it trains. One run, whose end is the
 * worker's.
 */

export type TrainOrder = { type: 'start'; request: TrainRequest } | { type: 'rest' } | { type: 'go' }

const gate = new Gate()
const tell = (event: TrainEvent) =>
  self.postMessage(event, { transfer: event.type === 'shot' ? [event.shot.weights.buffer] : [] })

self.addEventListener('message', ({ data: order }: MessageEvent<TrainOrder>) => {
  if (order.type === 'rest') gate.close()
  else if (order.type === 'go') gate.open()
  else
    runTraining(order.request, tell, gate).catch((error: unknown) => {
      const { code = 'failed', message } = error as { code?: unknown; message: string }
      tell({ type: 'failed', code: String(code), message })
    })
})
