class Storage {
  /** The browser keeps nothing for this page: its storage is full, or closed. */
  isLost = $state(false)
  /** The reader has been told, and does not want to hear it again. */
  isKnown = $state(false)
}

export const storage = new Storage()
