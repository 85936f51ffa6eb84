import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Hono } from 'hono'
import { handle } from 'hono/aws-lambda'
import { createGreet } from './greet.ts'

/** The peer's work in a route of Hono, a framework that is made to start fast. */
const greet = createGreet(new DynamoDBClient())
const app = new Hono()

app.get('/hello/:id', async (context) => {
  const { status, message } = await greet(context.req.param('id'))
  return context.text(message, status === 200 ? 200 : 404)
})

export const handler = handle(app)
