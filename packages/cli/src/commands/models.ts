import type { Command } from 'commander'
import { listModels } from 'heed/models'
import { outputColumns } from '../terminal/columns.js'
import { table } from '../terminal/table.js'

export function addModels(program: Command): void {
  program
    .command('models')
    .description('list the models that can be run')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
A folder in Hugging Face layout (config.json, model.safetensors, tokenizer.json)
can be named wherever a model can, and so can a model of the Hugging Face hub,
org/name or org/name@revision: it is downloaded once, into the cache that Python
uses too. HF_HOME, HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE are obeyed.

Examples:
  heed models
  heed models --json
  heed see "I see a dog." --model ./runs/my-model
  heed see "I see a dog." --model org/name@main`,
    )
    .action(async ({ json }: { json?: true }) => {
      const models = await listModels()
      if (json) return void process.stdout.write(`${JSON.stringify(models)}\n`)
      if (models.length === 0)
        return void process.stdout.write('no model is installed here; give a folder with --model <folder>\n')
      const rows = models.map(({ name, type, bytes, description }) => [
        name,
        type,
        `${(bytes / 1e6).toFixed(1)} MB`,
        description,
      ])
      const lines = table([['model', 'family', 'size', 'what it is'], ...rows], {
        columns: outputColumns(Infinity),
        align: ['left', 'left', 'right'],
      })
      process.stdout.write(`${lines.join('\n')}\n`)
    })
}
