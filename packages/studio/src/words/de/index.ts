// Of pages whose German is not there yet the words are English.
export * from '../en'
export { app } from './app'
export { look } from './look'
export { numbers } from './numbers'
export { site } from './site'
export { step } from './step'
