/** Something of a page that can be saved; made when it is asked for. */
export interface Saving<Made = string> {
  name: string
  file: string
  type: string
  make: () => Made
}

/** One that takes a while, because the engine makes it. */
export type LateSaving = Saving<Promise<string>>
export type AnySaving = Saving | LateSaving

class Share {
  /** What the page that is open offers. */
  savings = $state.raw<readonly AnySaving[]>([])
}

export const share = new Share()

/** What a page offers to be saved, as long as the component lives that is being made; made anew when it has changed. */
export function offer(savings: () => readonly AnySaving[]): void {
  $effect(() => {
    share.savings = savings()
    return () => (share.savings = [])
  })
}

/** Gives a text to the reader as a file. */
export const save = async ({ file, type, make }: AnySaving): Promise<void> =>
  saveBlob(file, new Blob([await make()], { type }))

export function saveBlob(file: string, blob: Blob): void {
  const url = URL.createObjectURL(blob)
  const link = Object.assign(document.createElement('a'), { href: url, download: file })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
