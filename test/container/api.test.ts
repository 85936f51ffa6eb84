import t from 'tap'
import { specifyHelloApi } from '../spec/hello-api.ts'
import { specifyRepository } from '../spec/repository.ts'
import { buildTimeout, newProject, remains, startCompose } from '../support/compose.ts'
import { noEngine } from '../support/docker.ts'
import { dynamoDBLocal, lambdaContainer, standaloneContainer } from '../targets/containers.ts'

t.setTimeout(buildTimeout)
t.test('the containers', { skip: await noEngine(), timeout: buildTimeout }, async (t) => {
  const project = newProject()
  const compose = await startCompose(project)
  t.teardown(compose.down)

  t.test('serve HTTP', async (t) => specifyHelloApi(t, standaloneContainer(compose)))
  t.test('handle events', async (t) => specifyHelloApi(t, lambdaContainer(compose)))
  t.test('keep items', async (t) => specifyRepository(t, dynamoDBLocal(compose)))

  t.test('leave no container, network or volume behind', async (t) => {
    await compose.down()
    t.equal(await remains(project), '')
  })
})
