export { sentence } from './sentence'
export { words } from './words'
