// Lambda's runtime client. Only the image has it. It runs when it is imported.
declare module 'aws-lambda-ric' {}
