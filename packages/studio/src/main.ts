import './look/tokens.css'
import './look/fonts.css'
import './look/base.css'
import { mount } from 'svelte'
import App from './app/App.svelte'
import { wake } from './engine/client'
import { pageStyles } from './look/styles'

wake()
pageStyles.adopt(document)
mount(App, { target: document.querySelector('#app')! })
