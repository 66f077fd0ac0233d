export { heads } from './heads'
export { sentence } from './sentence'
