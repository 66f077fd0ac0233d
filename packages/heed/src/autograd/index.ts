export { valueAndGrad } from './value-and-grad.js'
