export const sentence = {
  label: 'Sentence',
  read: 'Read it',
  cancel: 'Cancel',
}
