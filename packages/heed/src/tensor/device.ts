import type { DType, KeptArray } from './dtype.js'

/** Memory that one or more tensors look at. A device extends it with where that memory is. */
export interface Storage {
  readonly device: Device
  readonly dtype: DType
  /** Elements, not bytes. */
  readonly length: number
  /** Tensors that look at this memory; it is freed when the last is disposed. */
  refs: number
}

/** What a tensor needs of the place where it lives; backends add the kernels (backends/backend.ts). */
export interface Device {
  readonly name: string
  /** Bytes of all storage that is not freed. */
  readonly bytesInUse: number
  /** The most bytes it can ever hold; Infinity where only the machine sets a limit. */
  readonly capacity: number
  /** Uninitialised memory with `refs` 0. Throws a `memory` error, with the sizes, when there is not enough. */
  allocate(dtype: DType, length: number): Storage
  free(storage: Storage): void
  write(storage: Storage, offset: number, data: KeptArray): void
  /** A copy of `length` elements from `offset`, once the work that makes them has finished. */
  read(storage: Storage, offset: number, length: number): Promise<KeptArray>
}
