export { long } from './long'
export { heads } from './heads'
export { sentence } from './sentence'
export { tour } from './tour'
