export { long } from './long'
export { sentence } from './sentence'
export { tour } from './tour'
