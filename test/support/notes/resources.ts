import * as product from '../../../src/resources.ts'
import { otherRoutes } from '../other-routes.ts'
import { createRepository } from './repository.ts'
import { notes } from './route.ts'

export { example } from '../../../src/resources.ts'

/** The product's resources and notes, as src/resources.ts of a copy would register them. */
export const registerResources: typeof product.registerResources = (app, client, config) => {
  product.registerResources(app, client, config)
  app.register(notes, { repository: createRepository(client, config.DYNAMODB_TABLE_NAME) })
  app.register(otherRoutes)
}
