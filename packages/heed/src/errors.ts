/** Stable codes of the errors that heed throws. Messages may improve; codes do not change. */
export type ErrorCode =
  | 'shape' // shapes, ranks or head counts that do not fit together
  | 'dtype' // a dtype the operation does not take
  | 'option' // an option with a value outside its range
  | 'unsupported' // a feature that is named but not offered here
  | 'backend' // tensors of two backends, or a backend that cannot start or was disposed
  | 'disposed' // a tensor used after it was freed
  | 'memory' // more memory asked for than there is
  | 'not-found' // a model, file, site or head that does not exist
  | 'format' // a file that is not what it claims to be
  | 'input' // text or data that cannot be processed
  | 'network' // a hub that cannot be reached, or does not answer as it should
  | 'access' // a model that the hub does not give to this user
  | 'aborted' // stopped by the caller's AbortSignal

/** An error whose message says what was wrong, with the values, and what to do. */
export class HeedError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'HeedError'
  }
}

/** A wrong call: shapes, dtypes or options that do not fit. */
export class HeedTypeError extends TypeError {
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message)
    this.name = 'HeedTypeError'
  }
}

/** Throws an `aborted` error when the caller has asked to stop. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new HeedError('aborted', 'stopped by the caller', { cause: signal.reason })
}
