import type { Device, Storage } from '../../tensor/device.js'
import type { TypedArray } from '../../tensor/dtype.js'

export interface WasmStorage extends Storage {
  /** Byte address in the backend's memory. */
  readonly address: number
}

/** What kernels ask of their backend beside running on its threads: small work on the host. */
export interface WasmHost extends Device {
  /** A storage's elements in place; take it anew after an allocation. */
  view(storage: Storage): TypedArray
  /** Memory for small host-side arrays that a kernel reads (lengths, offsets): freed after `use`; 0 without values. */
  withInts<R>(values: Int32Array | undefined, use: (address: number) => R): R
}
