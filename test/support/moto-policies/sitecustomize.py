"""Makes moto check policies against the table's ARN, as AWS does. By default, it checks them against "*"."""

from moto.dynamodb.responses import DynamoHandler


def table_arn(handler):
    table = handler.body.get("TableName", "*")
    return f"arn:aws:dynamodb:{handler.region}:{handler.current_account}:table/{table}"


DynamoHandler._determine_resource = table_arn
