/** Something of a page that can be saved; made when it is asked for. */
export interface Saving {
  name: string
  file: string
  type: string
  make: () => string
}

class Share {
  /** What the page that is open offers. */
  savings = $state.raw<readonly Saving[]>([])
}

export const share = new Share()

/** What a page offers to be saved, as long as the component lives that is being made; made anew when it has changed. */
export function offer(savings: () => readonly Saving[]): void {
  $effect(() => {
    share.savings = savings()
    return () => (share.savings = [])
  })
}

/** Gives a text to the reader as a file. */
export function save({ file, type, make }: Saving): void {
  const url = URL.createObjectURL(new Blob([make()], { type }))
  const link = Object.assign(document.createElement('a'), { href: url, download: file })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
