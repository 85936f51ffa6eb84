import t from 'tap'
import { refuseSettings } from '../../src/dynamodb/refuse-settings.ts'
import { setVariables } from '../support/set-variables.ts'

function createError(name: string): Error {
  return Object.assign(new Error('the reason'), { name })
}

for (const error of [createError('AbortError'), 'no error']) {
  t.test(`${error} is not caused by the settings of the AWS SDK`, async (t) => {
    await t.resolves(refuseSettings(error))
  })
}

t.test(
  'credentials that are there on a second look are refused with the first reason',
  async (t) => {
    setVariables(t, {
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_PROFILE: undefined,
    })

    await t.rejects(refuseSettings(createError('CredentialsProviderError')), {
      name: 'ConfigError',
      message: /there are none: the reason\.$/,
    })
  }
)
