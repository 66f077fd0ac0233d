export const sentence: typeof import('../en/sentence').sentence = {
  label: 'Satz',
  read: 'Lesen',
  cancel: 'Abbrechen',
}
