export { sentence } from './sentence'
export { write } from './write'
