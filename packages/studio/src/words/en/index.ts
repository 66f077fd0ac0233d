export { quiz } from './quiz'
export { sentence } from './sentence'
