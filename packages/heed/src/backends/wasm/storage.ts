import type { Device, Storage } from '../../tensor/device.js'
import type { TypedArray } from '../../tensor/dtype.js'

export interface WasmStorage extends Storage {
  /** Byte address in the backend's memory: of what lies there in whatever order, so that `rowsOf` is what to ask. */
  address: number
  /** Bytes that its memory takes now beyond those it was given at first. */
  moreBytes?: number
  /** Set while the matrix lies in panels. */
  panels?: Panels
  /** Products of few rows that it was the B of, or the transpose of B (`along`), since it was used otherwise. */
  thinProducts?: { along: boolean; count: number }
}

/** A matrix that lies in panels (kernels/panels.ts). */
export interface Panels {
  /** The columns of its panels are its rows: it is the B of A · Bᵀ. */
  readonly along: boolean
  /** Puts the matrix back as it was. */
  undo(): void
}

/** Address of a storage in whose memory every element is in its place: the one to read or write it at. */
export function rowsOf(storage: WasmStorage): number {
  storage.panels?.undo()
  storage.thinProducts = undefined
  return storage.address
}

/** What kernels ask of their backend beside running on its threads: small work on the host. */
export interface WasmHost extends Device {
  /**
   * Gives a storage memory for `elements` in the place of its own, once `fill` has written there. What it takes more or
   * less is a matter of layout and none of `bytesInUse`. Throws a `memory` error when there is not enough.
   */
  move(storage: WasmStorage, elements: number, fill: (address: number) => void): void
  /** A storage's elements in place; take it anew after an allocation. */
  view(storage: Storage): TypedArray
  /** Memory for small host-side arrays that a kernel reads (lengths, offsets): freed after `use`; 0 without values. */
  withInts<R>(values: Int32Array | undefined, use: (address: number) => R): R
}
