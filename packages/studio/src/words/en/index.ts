export { long } from './long'
export { sentence } from './sentence'
