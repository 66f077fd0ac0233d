import type { Page } from 'playwright-core'

interface TraceEvent {
  name: string
  pid: number
  tid: number
  /** μs of CPU time. */
  tdur?: number
  args: { name?: string }
}

/**
 * How long the page's main thread was not to be had at most while something was done, in ms of its CPU time: a task is a piece
 * of work that nothing interrupts, a frame is one. The browser's trace says for each what the thread itself computed. By the
 * clock it takes longer where other programs want the processor, which says nothing about the page.
 */
export async function longestTask(page: Page, act: () => Promise<void>): Promise<number> {
  const browser = page.context().browser()!
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] })
  await act()
  const trace = await browser.stopTracing()
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] }
  const threads = traceEvents.filter(
    ({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain',
  )
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) =>
      name === 'ThreadControllerImpl::RunTask' &&
      threads.some((thread) => thread.pid === pid && thread.tid === tid),
  )
  if (!tasks.some(({ tdur = 0 }) => tdur > 0)) throw new Error('the trace has no times of the page’s tasks')
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000))
}
