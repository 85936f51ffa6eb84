// Lambda's runtime client, which the image alone has. It runs when it is imported.
declare module 'aws-lambda-ric' {}
