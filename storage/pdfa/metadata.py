"""PDF/A metadata: new XMP, a consistent info dictionary, one output intent. Nothing is copied.

NĐ 137/2024/NĐ-CP Điều 4 [V]: a data message made from paper carries words that say so, the time, and the full name of
who converted it. The code of the result is not here: it may come later than the file.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape, unescape

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String

from schemas import wording
from schemas.renditions import Correction, RenditionIdentity
from schemas.rules import RenditionProfile

_PROFILE = Path(__file__).resolve().parent.parent / "assets" / "srgb.icc"
_CORRECTED = "người xem đã sửa lớp chữ: {fields}"
METHOD = "quét ảnh và nhận dạng ký tự quang học"

_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
    xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">
   <pdfaid:part>{part}</pdfaid:part>
   <pdfaid:conformance>{conformance}</pdfaid:conformance>
   <dc:format>application/pdf</dc:format>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{statement}</rdf:li></rdf:Alt></dc:description>
   <dc:identifier>{document_id}</dc:identifier>
   <dc:source>urn:sha256:{sha256}</dc:source>
   <dc:language><rdf:Bag><rdf:li>vi</rdf:li></rdf:Bag></dc:language>{publisher}
   <xmp:CreateDate>{moment}</xmp:CreateDate>
   <xmp:ModifyDate>{modified}</xmp:ModifyDate>
   <xmp:MetadataDate>{modified}</xmp:MetadataDate>
   <xmp:CreatorTool>{producer}</xmp:CreatorTool>
   <pdf:Producer>{producer}</pdf:Producer>
   <xmpMM:DocumentID>uuid:{uuid}</xmpMM:DocumentID>
   <xmpMM:History><rdf:Seq><rdf:li rdf:parseType="Resource">
    <stEvt:action>converted</stEvt:action>
    <stEvt:parameters>{statement}</stEvt:parameters>
    <stEvt:when>{moment}</stEvt:when>
    <stEvt:softwareAgent>{producer}</stEvt:softwareAgent>
   </rdf:li>{edits}</rdf:Seq></xmpMM:History>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
_EDIT = """<rdf:li rdf:parseType="Resource">
    <stEvt:action>edited</stEvt:action>
    <stEvt:parameters>{statement}</stEvt:parameters>
    <stEvt:when>{moment}</stEvt:when>
    <stEvt:softwareAgent>{producer}</stEvt:softwareAgent>
   </rdf:li>"""
_PUBLISHED = re.compile(r"<dc:publisher><rdf:Bag><rdf:li>(.*?)</rdf:li>")
_PUBLISHER = "\n   <dc:publisher><rdf:Bag><rdf:li>{agency}</rdf:li></rdf:Bag></dc:publisher>"


def conversion_statement(identity: RenditionIdentity) -> str:
    """The statement required by the decree, in Vietnamese."""
    when = identity.created.strftime("%H:%M:%S ngày %d/%m/%Y (UTC%z)")
    agency = f"; cơ quan, tổ chức thực hiện chuyển đổi: {identity.agency}" if identity.agency else ""
    return (
        "Thông điệp dữ liệu được chuyển đổi từ văn bản giấy; "
        f"phương thức: {METHOD}; thời gian chuyển đổi: {when}{agency}."
    )


def write_metadata(pdf: pikepdf.Pdf, identity: RenditionIdentity, profile: RenditionProfile) -> None:
    """Set XMP, info dictionary, language and output intent of a file."""
    packet = _xmp(identity, profile).encode("utf-8")
    # Metadata stay uncompressed, so that a tool that knows no PDF finds them (ISO 19005-2, 6.6.2.1 asks for no filter).
    pdf.Root.Metadata = pdf.make_indirect(Stream(pdf, packet, Type=Name.Metadata, Subtype=Name.XML))
    pdf.Root.Lang = String("vi")
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    pdf.Root.OutputIntents = Array([pdf.make_indirect(_intent(pdf))])
    pdf.trailer.Info = pdf.make_indirect(
        Dictionary(
            Title=String(_plain(identity.title)),
            Creator=String(profile.producer),
            Producer=String(profile.producer),
            CreationDate=String(_pdf_date(identity.created)),
            ModDate=String(_pdf_date(_modified(identity))),
        )
    )


def _intent(pdf: pikepdf.Pdf) -> Dictionary:
    stream = Stream(pdf, zlib.compress(_PROFILE.read_bytes(), 9), N=3, Filter=Name.FlateDecode)
    return Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=String("sRGB IEC61966-2.1"),
        RegistryName=String("http://www.color.org"),
        Info=String("sRGB IEC61966-2.1"),
        DestOutputProfile=pdf.make_indirect(stream),
    )


def _xmp(identity: RenditionIdentity, profile: RenditionProfile) -> str:
    agency = _PUBLISHER.format(agency=_text(identity.agency)) if identity.agency else ""
    name = f"{identity.original_sha256}:{identity.document_id}:{identity.created.isoformat()}"
    return _PACKET.format(
        part=profile.flavour[0],
        conformance=profile.flavour[1].upper(),
        title=_text(identity.title),
        statement=_text(conversion_statement(identity)),
        document_id=_text(identity.document_id),
        sha256=_text(identity.original_sha256),
        publisher=agency,
        moment=identity.created.isoformat(),
        modified=_modified(identity).isoformat(),
        edits="".join(_edits(identity, profile)),
        producer=_text(profile.producer),
        uuid=uuid5(NAMESPACE_URL, name),
    )


def _edits(identity: RenditionIdentity, profile: RenditionProfile) -> Iterator[str]:
    """History entries of a person's corrections, those of one moment together."""
    in_time = sorted(identity.corrections, key=lambda made: (_moment(made), made.target))
    for moment, made in groupby(in_time, key=_moment):
        fields = ", ".join(wording.text(f"field.{each.target}").removeprefix("field.") for each in made)
        statement = _CORRECTED.format(fields=fields)
        yield _EDIT.format(
            statement=_text(statement), moment=moment.isoformat(), producer=_text(profile.producer)
        )


def _modified(identity: RenditionIdentity) -> datetime:
    return max([identity.created, *map(_moment, identity.corrections)])


def _moment(made: Correction) -> datetime:
    moment = datetime.fromisoformat(made.at).replace(microsecond=0)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def publisher_of(packet: str) -> str | None:
    """The agency that the XMP of a written file names, or None."""
    found = _PUBLISHED.search(packet)
    return unescape(found[1]) if found else None


def _text(value: str) -> str:
    return escape(_plain(value))


def _plain(value: str) -> str:
    """One line without the controls that XML refuses."""
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())


def _pdf_date(moment: datetime) -> str:
    zone = moment.strftime("%z")
    return moment.strftime("D:%Y%m%d%H%M%S") + (f"{zone[:3]}'{zone[3:5]}'" if int(zone) else "Z")
