export { sentence } from './sentence'
export { train } from './train'
