"""Reports as real mail servers write them (RFC 3464), with addresses of the documentation's domains."""

MESSAGE_ID = "<0190a0b0c0d07e0f8000000000000001@consent.example.com>"

RETURNED = f"""Content-Type: message/rfc822

Message-ID: {MESSAGE_ID}
From: Example Ltd <noreply@consent.example.com>
To: ada@example.org
Subject: News

Hello
"""

_HEADERS = f"""Content-Type: text/rfc822-headers

Message-ID: {MESSAGE_ID}
From: Example Ltd <noreply@consent.example.com>
To: ada@example.org
Subject: News
"""


def report(status: str, returned: str = RETURNED, *, headers: str = "", kind: str = "message/delivery-status") -> bytes:
    """A report with these parts."""
    text = f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: noreply@consent.example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
{headers}Content-Type: multipart/report; report-type=delivery-status; boundary="B/1"

This is a MIME-encapsulated message.

--B/1
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B/1
Content-Description: Delivery report
Content-Type: {kind}

{status.strip()}

--B/1
{returned}
--B/1--
"""
    return text.replace("\n", "\r\n").encode()


POSTFIX = report("""
Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 3F2C81A0
X-Postfix-Sender: rfc822; noreply@consent.example.com
Arrival-Date: Mon,  4 May 2026 10:00:00 +0000 (UTC)

Final-Recipient: rfc822; ada@example.org
Original-Recipient: rfc822;ada@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 5.1.1 <ada@example.org>: Recipient address rejected:
    User unknown in virtual mailbox table
""")
POSTFIX_NO_DOMAIN = report("""
Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ada@example.org
Original-Recipient: rfc822;ada@example.org
Action: failed
Status: 5.4.4
Diagnostic-Code: X-Postfix; Host or domain name not found. Name service error
    for name=example.org type=AAAA: Host not found
""")
POSTFIX_EXPIRED = report(
    """
Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ada@example.org
Action: failed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mx.example.org[192.0.2.1]:25: Connection
    timed out
""",
    _HEADERS,
)
POSTFIX_DELAYED = report(
    """
Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ada@example.org
Original-Recipient: rfc822;ada@example.org
Action: delayed
Status: 4.2.2
Diagnostic-Code: smtp; 452 4.2.2 Mailbox full
Will-Retry-Until: Sat,  9 May 2026 10:00:00 +0000 (UTC)
""",
    _HEADERS,
)
POSTFIX_RELAYED = report("""
Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ada@example.org
Action: relayed
Status: 2.0.0
Diagnostic-Code: smtp; 250 2.0.0 Ok: queued as 4A5B6C
""")
EXIM = report(
    """
Reporting-MTA: dns; mx.example.net

Action: failed
Final-Recipient: rfc822;ada@example.org
Status: 5.0.0
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 Requested action not taken: mailbox unavailable
""",
    headers="X-Failed-Recipients: ada@example.org\n",
)
EXIM_LOCAL = report("""
Reporting-MTA: dns; mx.example.net

Action: failed
Final-Recipient: rfc822;ada@example.org
Status: 5.0.0
""")
EXIM_SPAM = report("""
Reporting-MTA: dns; mx.example.net

Action: failed
Final-Recipient: rfc822;ada@example.org
Status: 5.0.0
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 554 5.7.1 Spam message rejected
""")
EXCHANGE = report(
    """
Reporting-MTA: dns;AM0EUR02FT011.mail.protection.example.net
Received-From-MTA: dns;mail.consent.example.com
Arrival-Date: Mon, 4 May 2026 10:00:00 +0000

Original-Recipient: rfc822;ada@example.org
Final-Recipient: rfc822;ada@example.org
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
""",
    "Content-Type: message/rfc822\n\nFrom: noreply@consent.example.com\nSubject: News\n\nHello\n",
    headers=f"In-Reply-To: {MESSAGE_ID}\nReferences: {MESSAGE_ID}\nContent-Language: en-US\n",
)
EXCHANGE_FULL = report("""
Reporting-MTA: dns;AM0EUR02FT011.mail.protection.example.net

Final-Recipient: RFC822;ada@example.org
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp;554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException
X-Display-Name: Ada
""")
GMAIL = report(
    f"""
Reporting-MTA: dns; googlemail.com
Arrival-Date: Mon, 04 May 2026 03:00:00 -0700 (PDT)
X-Original-Message-ID: {MESSAGE_ID}

Final-Recipient: rfc822; ada@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.org. (192.0.2.1, the server for the domain example.org.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try
 550-5.1.1 double-checking the recipient's email address for typos or
 550 5.1.1 unnecessary spaces. - gsmtp
Last-Attempt-Date: Mon, 04 May 2026 03:00:01 -0700 (PDT)
""",
    "Content-Type: text/plain\n\n----- Message truncated -----\n",
    headers=f"References: {MESSAGE_ID}\nIn-Reply-To: {MESSAGE_ID}\nX-Failed-Recipients: ada@example.org\n",
)
FORWARDED = report("""
Reporting-MTA: dns; mx.example.net

Original-Recipient: rfc822;ada@example.org
Final-Recipient: rfc822;elsewhere@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user
""")
TWO = report("""
Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ada@example.org
Action: failed (all attempts)
Status: 5.1.1 (bad destination mailbox address)

Final-Recipient: rfc822; ben@example.org
Action: delayed
Status: 4.0.0
""")
GLOBAL = report(
    """
Reporting-MTA: dns; mx.example.net

Final-Recipient: utf-8; ada@example.org
Action: failed
Status: 5.1.1
""",
    kind="message/global-delivery-status",
)
