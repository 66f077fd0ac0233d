import { requests } from './requests'
import { type Port, serve } from './rpc'

serve(requests, self as unknown as Port)
