export { sentence } from './sentence'
