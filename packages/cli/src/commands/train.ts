import type { Command } from 'commander'
import { addTrainDescribe } from './train-describe.js'
import { addTrainLanguage } from './train-language.js'
import { addTrainTranslation } from './train-translation.js'

export function addTrain(program: Command): void {
  const train = program
    .command('train')
    .description('train a model')
    .addHelpText(
      'after',
      `
Examples:
  heed train translation --data pairs.tsv --valid valid.tsv --out runs/en-de
  heed train language --data text.txt --out runs/text
  heed train language --task copy --out runs/copy
  heed train describe --data labels.tsv --out runs/describe
  heed train <kind> --help                 all settings, more examples`,
    )
  addTrainTranslation(train)
  addTrainLanguage(train)
  addTrainDescribe(train)
}
