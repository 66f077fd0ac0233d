export const quiz: typeof import('../en/quiz').quiz = { language: 'de' }
