import './look/tokens.css'
import './look/fonts.css'
import './look/base.css'
import { mount } from 'svelte'
import App from './app/App.svelte'
import { wake } from './engine/client'

wake()
mount(App, { target: document.querySelector('#app')! })
