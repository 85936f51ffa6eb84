import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto'
import type { DynamoDBClientResolvedConfig } from '@aws-sdk/client-dynamodb'
import type { RequestSigner } from '@smithy/types'

// What the AWS SDK leaves unsigned, of the headers that requests to DynamoDB have: a proxy may change
// them on the way.
const unsigned = new Set(['authorization', 'user-agent', 'x-amzn-trace-id'])

/**
 * Signs requests to DynamoDB as the AWS SDK does, with the same signatures, and faster: it keeps the
 * key of the day, and hashes without objects in between. (AWS Signature Version 4: AWS Identity and
 * Access Management User Guide, "Create a signed AWS API request")
 *
 * @param config of the client that it signs for
 */
export function createRequestSigner(
  config: () => Pick<DynamoDBClientResolvedConfig, 'credentials' | 'region'>
): RequestSigner {
  const signingKey = keepSigningKey()
  return {
    async sign(request, { signingDate = new Date(), signingRegion } = {}) {
      const { accessKeyId, secretAccessKey, sessionToken } = await config().credentials()
      const region = signingRegion ?? (await config().region())
      const date = new Date(signingDate).toISOString().replace(/[:-]|\.\d+/g, '')
      const scope = `${date.slice(0, 8)}/${region}/dynamodb/aws4_request`
      const bodyHash = hash('sha256', request.body)
      const headers: Record<string, string> = {
        ...request.headers,
        'x-amz-date': date,
        'x-amz-content-sha256': bodyHash,
      }
      if (sessionToken) headers['x-amz-security-token'] = sessionToken

      const names = Object.keys(headers)
        .filter((name) => !unsigned.has(name))
        .sort()
      const lines = names.map((name) => `${name}:${headers[name]}\n`).join('')
      const signedHeaders = names.join(';')
      const canonical = `POST\n/\n\n${lines}\n${signedHeaders}\n${bodyHash}`
      const toSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash('sha256', canonical)}`
      const signature = hmac(signingKey(secretAccessKey, scope), toSign).toString('hex')
      headers.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`
      return { ...request, headers }
    },
  }
}

/** Derives the key of a secret for a day, region and service; anew only if one of them changes. */
function keepSigningKey() {
  let kept: { from: string; key: KeyObject } | undefined
  return (secret: string, scope: string): KeyObject => {
    const from = `${secret} ${scope}`
    if (kept?.from !== from) {
      const start: Buffer = Buffer.from(`AWS4${secret}`)
      kept = { from, key: createSecretKey(scope.split('/').reduce(hmac, start)) }
    }
    return kept.key
  }
}

function hmac(key: Buffer | KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
