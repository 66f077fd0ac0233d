import type { Part } from '../../look/formula'

/** Which parts of the formula the step on the screen is about; none: all of them. */
class InView {
  parts = $state.raw<readonly Part[]>([])
}

export const inView = new InView()

/** An attachment: while this step crosses the middle of the screen, its parts are in play. */
export const marks = (parts: readonly Part[]) => (element: Element) => {
  const observer = new IntersectionObserver(
    ([{ isIntersecting }]) => {
      if (isIntersecting) inView.parts = parts
      else if (inView.parts === parts) inView.parts = []
    },
    { rootMargin: '-45% 0px -45% 0px' },
  )
  observer.observe(element)
  return () => observer.disconnect()
}

/** Brings a step to the screen; 0 is the top of the page. */
export function scrollTo(step: number): void {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
  const behavior = calm ? 'auto' : 'smooth'
  if (step === 0) window.scrollTo({ top: 0, behavior })
  else document.querySelector(`#step-${step}`)?.scrollIntoView({ behavior })
}
