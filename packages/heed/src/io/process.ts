import { builtin } from './files.js'

interface NodeProcess {
  pid: number
  kill(pid: number, signal: 0): void
}
const thisProcess = () => (globalThis as unknown as { process: NodeProcess }).process

/** This process, as files that outlive it name their owner. */
export const processId = (): number => thisProcess().pid

/** The name of this machine, in letters that a file name may have. */
export const host = (): string =>
  (builtin('node:os') as { hostname(): string }).hostname().replace(/\W/g, '_')

/** Whether a process of this machine is there. Its number may belong to another one by now. */
export function isAlive(pid: number): boolean {
  try {
    thisProcess().kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code !== 'ESRCH'
  }
}
