import type { PageData, PageToken } from './data.js'
import type { Blocks, Head, Maths } from './maths.js'
import type { Cell, Grid, Shown, Views } from './views.js'

/** What the page does: which head, query and key are chosen, by hand, by keys or by the address; and the readout. */
export function app(data: PageData, maths: Maths, views: Views): void {
  /** A text of more tokens shows its strongest ones. */
  const WHOLE_TEXT = 1024
  const STRONGEST = 64
  /** Sides of thumbnails in cells; lines up to this many tokens. */
  const THUMBNAIL = 96
  const LINES = 64
  /** ms of work between two looks at what the reader does. */
  const SLICE = 12

  const find = <E extends Element>(id: string) => document.getElementById(id) as unknown as E
  const matrix = find<HTMLCanvasElement>('matrix')

  function make<K extends keyof HTMLElementTagNameMap>(
    name: K,
    properties: Partial<HTMLElementTagNameMap[K]> = {},
    ...children: (Node | string)[]
  ): HTMLElementTagNameMap[K] {
    const element = Object.assign(document.createElement(name), properties)
    element.append(...children)
    return element
  }

  let chosen = 0
  let shown: Shown
  let grid: Grid
  let blocks: Blocks

  // ---- work in slices, the newest first ----

  const jobs: (() => boolean)[] = []
  let running = false

  /** `step` gives false when there is nothing left to do. */
  function work(step: () => boolean): void {
    jobs.push(step)
    if (!running) setTimeout(slice)
    running = true
  }

  function slice(): void {
    const end = performance.now() + SLICE
    while (jobs.length > 0 && performance.now() < end) {
      const job = jobs[jobs.length - 1]
      if (!job()) jobs.splice(jobs.indexOf(job), 1)
    }
    running = jobs.length > 0
    if (running) setTimeout(slice)
  }

  // ---- the heads ----

  const buttons: HTMLButtonElement[] = []

  function addHeads(): void {
    const groups = new Map<string, HTMLElement>()
    find<HTMLElement>('count').textContent =
      data.heads.length === 1 ? 'One head' : `${data.heads.length} heads`
    data.heads.forEach((head, n) => {
      const layers = `${head.group} ${head.site.replace(/\d+/, '*')}`
      if (!groups.has(layers)) {
        const name = make(
          'h3',
          {},
          make('span', { textContent: head.group }),
          make('code', { textContent: head.site.replace(/\d+/, '*') }),
        )
        const box = make('div', { className: 'grid' })
        groups.set(layers, box)
        find<HTMLElement>('heads').append(name, box)
      }
      const button = make(
        'button',
        { type: 'button', title: head.title, onclick: () => choose(n) },
        make('canvas'),
        make('span', { textContent: head.name }),
      )
      button.setAttribute('aria-label', head.title)
      buttons.push(button)
      groups.get(layers)!.append(button)
    })
    for (const box of groups.values()) {
      const heads = new Set(
        data.heads
          .filter(({ group }) => group === box.previousElementSibling!.firstElementChild!.textContent)
          .map(({ head }) => head),
      )
      box.style.setProperty('--heads', String(Math.min(12, heads.size)))
    }
    find<HTMLElement>('heads').addEventListener('keydown', (event) => moveHead(event))
  }

  /** Arrow keys go along the heads, and choose the one they come to. */
  function moveHead(event: KeyboardEvent): void {
    const rows = getComputedStyle(buttons[chosen].parentElement!).gridTemplateColumns.split(' ').length
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -rows, ArrowDown: rows }[event.key]
    const next = buttons[chosen + (by ?? NaN)]
    if (!next) return
    event.preventDefault()
    choose(chosen + by!)
    next.focus()
  }

  const thumbnails: Blocks[] = []

  function drawThumbnails(): void {
    for (let n = data.heads.length - 1; n >= 0; n--) {
      let head: Head | undefined
      work(() => {
        head ??= maths.headOf(data, n)
        thumbnails[n] ??= maths.blocks(head, Math.ceil(Math.max(head.Tq, head.Tk) / THUMBNAIL))
        if (thumbnails[n].done < thumbnails[n].height) maths.nextBlocks(head, thumbnails[n])
        if (thumbnails[n].done < thumbnails[n].height) return true
        views.thumbnail(buttons[n].firstElementChild as HTMLCanvasElement, thumbnails[n])
        return false
      })
    }
  }

  // ---- the chosen head ----

  function choose(n: number, query?: number): void {
    chosen = n
    const head = maths.headOf(data, n)
    const axes = data.axes[head.axes]
    buttons.forEach((button, b) => {
      button.setAttribute('aria-pressed', String(b === n))
      button.tabIndex = b === n ? 0 : -1
    })
    find<HTMLElement>('name').textContent = head.title
    find<HTMLElement>('site').textContent = head.site
    const same = shown?.axes === axes ? shown.selected.i : undefined
    shown = { head, axes, selected: { i: 0, j: 0 }, weights: [] }
    // Without a choice the query stays; at first it is the first word.
    const first = Math.max(
      0,
      axes.queries.findIndex(({ special }) => !special),
    )
    const asking = Math.min(query ?? same ?? first, head.Tq - 1)
    addWords()
    select(asking)
    layOut()
  }

  /** Reads a query's row, from its strongest key or the one given. */
  function select(i: number, j?: number): void {
    const weights = maths.row(shown.head, i)
    shown = { ...shown, weights, selected: { i, j: j ?? maths.strongest(weights) }, hovered: undefined }
    history.replaceState(null, '', `#${shown.head.site}/${shown.head.head}/${i}`)
    const sum = weights.reduce((a, b) => a + b, 0)
    const facts = [
      ['effective keys', maths.fixed(maths.effectiveKeys(weights), 1)],
      ['row sums to', maths.fixed(sum, 3)],
      ...(shown.head.sink === undefined ? [] : [['to the sink', maths.fixed(1 - sum, 3)]]),
      ['queries × keys', `${shown.head.Tq} × ${shown.head.Tk}`],
    ]
    find<HTMLElement>('facts').replaceChildren(
      ...facts.map(([name, value]) => make('span', {}, `${name} `, make('b', { textContent: value }))),
    )
    drawWords()
    drawLines()
    drawMatrix()
    readOut()
  }

  function layOut(): void {
    const { Tq, Tk } = shown.head
    const room = () => matrix.parentElement!.clientWidth
    const pane = find<HTMLElement>('lines').parentElement!
    const few = Math.max(Tq, Tk) <= LINES && views.gridOf(shown, room()).pitch >= 12
    pane.hidden = !few
    pane.parentElement!.classList.toggle('alone', !few)
    // Measured again, since the pane of lines takes room from the matrix.
    grid = views.gridOf(shown, room())
    blocks = maths.blocks(shown.head, grid.factor)
    const about = [
      grid.factor > 1 ? `Each cell is the largest of ${grid.factor} × ${grid.factor} weights.` : '',
      grid.pitch >= 26 ? 'Weights from .10 are written.' : '',
      few ? '' : `Lines are drawn up to ${LINES} tokens.`,
    ]
    fillMatrix(shown.head, blocks, about.filter((part) => part !== '').join(' '))
    drawLines()
  }

  /** Computes the matrix, at once if that is soon done, else in slices; it is drawn as far as it is. */
  function fillMatrix(head: Head, into: Blocks, about: string): void {
    let painted = 0
    const paint = () => {
      painted = performance.now()
      const { done, height } = into
      const doing = done < height ? ` Computing: ${done} of ${height} rows.` : ''
      find<HTMLElement>('cells').textContent = about + doing
      drawMatrix()
    }
    const begun = performance.now()
    while (into.done < into.height && performance.now() - begun < 40) maths.nextBlocks(head, into)
    paint()
    if (into.done < into.height)
      work(() => {
        if (blocks !== into) return false
        maths.nextBlocks(head, into)
        if (performance.now() - painted > 200 || into.done === into.height) paint()
        return into.done < into.height
      })
  }

  function drawMatrix(): void {
    if (blocks && blocks.width === Math.ceil(shown.head.Tk / blocks.factor))
      views.matrix(matrix, shown, blocks, grid, matrix.parentElement!.clientWidth)
  }

  function drawLines(): void {
    const into = find<SVGSVGElement>('lines')
    const pane = into.parentElement!
    if (!pane.hidden && grid)
      views.lines(into, shown, grid, Math.min(320, pane.clientWidth || 224), (i) => select(i))
  }

  // ---- the words ----

  let words: HTMLButtonElement[] = []
  let askers: HTMLButtonElement[] = []

  function word({ label, special }: PageToken, n: number, pick: () => void): HTMLButtonElement {
    const text = make('span', { textContent: label || '\u00A0' })
    const button = make(
      'button',
      { type: 'button', className: `word${special ? ' special' : ''}`, onclick: pick },
      text,
      make('small'),
    )
    button.dataset.n = String(n)
    return button
  }

  /** Tokens as buttons; the pieces of a word touch, and stay together at the end of a line. */
  function fillWords(
    into: HTMLElement,
    buttons: readonly HTMLButtonElement[],
    tokens: readonly PageToken[],
  ): void {
    let group = make('div')
    into.replaceChildren()
    for (const button of buttons) {
      const { startsWord, special } = tokens[Number(button.dataset.n)]
      if (startsWord || special || !group.isConnected) into.append((group = make('div')))
      group.append(button)
    }
  }

  function addWords(): void {
    const { axes } = shown
    words = axes.keys.map((token, j) =>
      word(token, j, () => (axes.own ? select(j) : select(shown.selected.i, j))),
    )
    if (axes.keys.length <= WHOLE_TEXT) fillWords(find('words'), words, axes.keys)
    const asking = find<HTMLElement>('asking')
    const apart = !axes.own && axes.queries.length <= WHOLE_TEXT
    asking.parentElement!.hidden = !apart
    askers = apart ? axes.queries.map((token, i) => word(token, i, () => select(i))) : []
    fillWords(asking, askers, axes.queries)
  }

  function drawWords(): void {
    const { axes, weights, selected } = shown
    const best = maths.strongest(weights)
    if (axes.keys.length > WHOLE_TEXT) {
      const kept = Array.from(weights, (w, j) => ({ w, j }))
        .sort((a, b) => b.w - a.w)
        .slice(0, STRONGEST)
      const inOrder = kept.sort((a, b) => a.j - b.j).map(({ j }) => words[j])
      fillWords(find('words'), inOrder, axes.keys)
    }
    words.forEach((button, j) => {
      if (button.isConnected) views.brighten(button, weights[j])
      button.classList.toggle('asks', axes.own && j === selected.i)
      button.classList.toggle('answers', j === best && weights[j] > 0)
      button.tabIndex = j === (axes.own ? selected.i : selected.j) ? 0 : -1
    })
    askers.forEach((button, i) => {
      button.classList.toggle('asks', i === selected.i)
      button.tabIndex = i === selected.i ? 0 : -1
    })
    const says = find<HTMLElement>('meaning')
    says.replaceChildren(
      'read from ',
      make('b', { className: 'q', textContent: axes.queries[selected.i].label }),
      `: ${axes.keys[best].label} gets ${maths.weight3(weights[best])}`,
      axes.keys.length > WHOLE_TEXT ? `; its ${STRONGEST} strongest keys of ${axes.keys.length}` : '',
    )
  }

  /** Arrow keys go along the words. */
  function moveWord(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key]
    const row = askers.includes(document.activeElement as HTMLButtonElement) ? askers : words
    const next = row[row.indexOf(document.activeElement as HTMLButtonElement) + (by ?? NaN)]
    if (!next) return
    event.preventDefault()
    next.click()
    // A word that is chosen may have been put elsewhere.
    next.focus()
  }

  // ---- the readout ----

  function readOut(): void {
    const { head, axes, selected, hovered } = shown
    const { i, j } = hovered ?? selected
    const s = maths.steps(head, i, j)
    const { fixed } = maths
    const signed = (x: number) => (x >= 0.005 ? '+' : '') + fixed(x)
    const root = Math.abs(head.scale - 1 / Math.sqrt(head.D)) < 1e-9
    const rows: (readonly [string, string])[] = [
      ['q·k', signed(s.dot)],
      [root ? `÷ √${head.D}` : `× ${fixed(head.scale, 3)}`, signed(s.scaled)],
      ...(s.capped === undefined ? [] : [[`softcap ${fixed(head.softcap!, 0)}`, signed(s.capped)] as const]),
      ...(s.bias === undefined ? [] : [['+ bias', signed(s.bias)] as const]),
      ['− row’s largest', signed(s.less)],
      ['e to that', fixed(s.exponential, 3)],
      ['÷ row sum', fixed(s.sum, 3)],
      ['weight', maths.weight3(s.weight)],
    ]
    const label = ({ label }: PageToken, n: number) =>
      `${label}${axes.queries.length > 99 || axes.keys.length > 99 ? ` (${n})` : ''}`
    find<HTMLElement>('link').replaceChildren(
      make('b', { className: 'q', textContent: label(axes.queries[i], i) }),
      ' → ',
      make('b', { className: 'k', textContent: label(axes.keys[j], j) }),
    )
    find<HTMLElement>('weight').textContent = maths.weight3(s.weight)
    find<HTMLElement>('steps').replaceChildren(
      ...(s.allowed ? rows : rows.slice(0, 2)).flatMap(([name, value]) => [
        make('dt', { textContent: name }),
        make('dd', { textContent: value }),
      ]),
      ...(s.allowed
        ? []
        : [
            make('dt', { textContent: 'masked' }),
            make('dd', { textContent: 'this query may not see this key' }),
          ]),
    )
  }

  // ---- the matrix, by hand and by keys ----

  function cellOf(event: PointerEvent | MouseEvent): Cell | undefined {
    const box = matrix.getBoundingClientRect()
    return views.cellAt(blocks, grid, event.clientX - box.left, event.clientY - box.top, shown.head.Tk)
  }

  function hover(cell: Cell | undefined): void {
    const { hovered } = shown
    if (cell?.i === hovered?.i && cell?.j === hovered?.j) return
    shown = { ...shown, hovered: cell }
    drawMatrix()
    readOut()
  }

  /** Arrow keys go from block to block; Escape goes back to the row's strongest key. */
  function moveCell(event: KeyboardEvent): void {
    const { selected, head } = shown
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key]
    if (event.key === 'Escape') return select(selected.i)
    if (!by) return
    event.preventDefault()
    const [line, column] = [
      Math.floor(selected.i / grid.factor) + by[0],
      Math.floor(selected.j / grid.factor) + by[1],
    ]
    const inside = line >= 0 && column >= 0 && line < blocks.height && column < blocks.width
    const at = inside ? blocks.at[line * blocks.width + column] : -1
    if (at >= 0) select(Math.floor(at / head.Tk), at % head.Tk)
  }

  // ---- begin ----

  function fromAddress(): void {
    const [site, head, query] = decodeURIComponent(location.hash.slice(1)).split('/')
    const n = data.heads.findIndex((one) => one.site === site && one.head === Number(head))
    const at = /^\d+$/.test(query ?? '') ? Number(query) : undefined
    choose(Math.max(0, n), n < 0 ? undefined : at)
  }

  function redraw(): void {
    views.readTheme()
    thumbnails.forEach(
      (blocks, n) =>
        blocks.done === blocks.height &&
        views.thumbnail(buttons[n].firstElementChild as HTMLCanvasElement, blocks),
    )
    drawWords()
    drawLines()
    drawMatrix()
  }

  views.readTheme()
  addHeads()
  // The chosen head comes after the thumbnails, and so before them.
  drawThumbnails()
  fromAddress()
  matrix.addEventListener('pointermove', (event) => hover(cellOf(event)))
  matrix.addEventListener('pointerleave', () => hover(undefined))
  matrix.addEventListener('click', (event) => {
    const cell = cellOf(event)
    if (cell) select(cell.i, cell.j)
  })
  matrix.addEventListener('keydown', moveCell)
  for (const id of ['words', 'asking']) find<HTMLElement>(id).addEventListener('keydown', moveWord)
  find<HTMLElement>('words').addEventListener('pointerover', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('.word')
    hover(button ? { i: shown.selected.i, j: Number(button.dataset.n) } : undefined)
  })
  find<HTMLElement>('words').addEventListener('pointerleave', () => hover(undefined))
  find<HTMLButtonElement>('theme').addEventListener('click', () => {
    const dark = getComputedStyle(document.documentElement).colorScheme === 'dark'
    document.documentElement.dataset.theme = dark ? 'light' : 'dark'
    redraw()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
  addEventListener('hashchange', fromAddress)
  let width = innerWidth
  addEventListener('resize', () => {
    if (innerWidth !== width) layOut()
    width = innerWidth
  })
  void document.fonts.ready.then(redraw)
}
