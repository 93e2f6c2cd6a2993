# A mail server on 127.0.0.1 until its standard input ends: TLS as asked, one user, each mail told as a line of JSON.
import asyncio, email, email.policy, json, ssl, sys

from aiosmtpd.smtp import SMTP, AuthResult

mode, certificate, key = sys.argv[1:4]


def tell(value):
    print(json.dumps(value), flush=True)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        tell({
            "to": envelope.rcpt_tos,
            "from": envelope.mail_from,
            "secret": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data if isinstance(session.auth_data, str) else None,
            "id": mail["message-id"],
            "subject": mail["subject"],
            "sender": str(mail["from"]),
            "recipient": str(mail["to"]),
            "defects": [str(d) for d in mail.defects] + [str(d) for v in mail.values() for d in v.defects],
            "body": mail.get_content(),
        })
        return "250 2.0.0 queued"


def authenticate(server, session, envelope, mechanism, data):
    is_right = (data.login, data.password) == (b"robot", "秘密".encode())
    return AuthResult(success=is_right, handled=False, auth_data=data.login.decode())


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    starttls = dict(tls_context=context, require_starttls=True) if mode == "starttls" else {}
    make = lambda: SMTP(Handler(), hostname="mail.example", authenticator=authenticate,
                        auth_required=mode != "none", auth_require_tls=mode == "starttls", **starttls)
    over = dict(ssl=context) if mode == "implicit" else {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(make, "127.0.0.1", 0, **over)
    tell({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
