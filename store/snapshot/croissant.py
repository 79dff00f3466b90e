"""The snapshot as Croissant 1.1 describes it, with its fields for responsible AI: ``croissant.json``.

Of the format: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html and the RAI vocabulary 1.0. ``messages`` is a list of
structs, which Croissant has no word for; ``input`` says the same as one text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from store.snapshot.files import FILE, IDS, IDS_SCHEMA, TEXT_SCHEMA

NAME: Final = "croissant.json"
_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column", "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn", "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
    "arrayShape": "cr:arrayShape", "equivalentProperty": "cr:equivalentProperty", "examples": {"@id": "cr:examples", "@type": "@json"},
    "excludes": "cr:excludes", "extract": "cr:extract", "field": "cr:field", "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes", "isArray": "cr:isArray", "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path", "prov": "http://www.w3.org/ns/prov#",
    "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
    "samplingRate": "cr:samplingRate", "sc": "https://schema.org/", "separator": "cr:separator", "source": "cr:source",
    "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip
_RAI: Final[dict[str, Any]] = {
    "rai:dataCollection": "Posts, logs of conversations and textbooks that are public, harvested from their sources with provenance.",
    "rai:dataCollectionType": ["Web Scraping", "Secondary Data Analysis"],
    "rai:dataAnnotationProtocol": "Rules and readers decide what is an item; persons reject, waive or verify. See the column rule.",
    "rai:dataBiases": "What people report: failures that annoy, in the languages and models of the sites that are read. No random sample.",
    "rai:dataLimitations": "Keys are those of the source unless key_status says verified. Models may have seen texts like these.",
    "rai:dataUseCases": "Evaluation of language models. Not for training: the canary in each row shows where it was.",
    "rai:dataSocialImpact": "Shows where models fail; says nothing of who wrote about it.",
    "rai:personalSensitiveInformation": "Addresses, numbers of persons and keys are replaced. Authors are named where a licence asks it.",
    "rai:dataReleaseMaintenancePlan": "Frozen; a later snapshot replaces it. Rows whose authors ask are removed, which raises MAJOR.",
}  # fmt: skip
_TYPES: Final[dict[str, str]] = {"string": "sc:Text", "double": "sc:Float", "int32": "sc:Integer", "int64": "sc:Integer"}


@dataclass(frozen=True, slots=True)
class Described:
    """A file as it lies in the snapshot."""

    size: int
    sha256: str


def croissant(name: str, version: str, published: str, files: Mapping[str, Described], citation: str) -> dict[str, Any]:
    """The description. ``files`` are the Parquet files by configuration, ``published`` is an ISO date."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": f"thresher-{name}",
        "description": "Where language models fail, and hard questions with a key.",
        "license": "Each row names its own: see the column licence.",
        "url": "https://github.com/thresher-evals/thresher",
        "creator": {"@type": "sc:Organization", "name": "thresher"},
        "datePublished": published,
        "version": version,
        "isLiveDataset": False,
        "citeAs": citation,
        **_RAI,
        "distribution": [
            {
                "@type": "cr:FileObject", "@id": f"{config}-file", "name": f"{config}-file", "contentUrl": f"{config}/{FILE}",
                "contentSize": f"{file.size} B", "encodingFormat": "application/x-parquet", "sha256": file.sha256,
            }
            for config, file in sorted(files.items())
        ],
        "recordSet": [_records(config) for config in sorted(files)],
    }  # fmt: skip


def _records(config: str) -> dict[str, Any]:
    schema = IDS_SCHEMA if config == IDS else TEXT_SCHEMA
    fields = [field for column in schema if (field := _field(config, column)) is not None]
    return {"@type": "cr:RecordSet", "@id": config, "name": config, "key": {"@id": f"{config}/item_id"}, "field": fields}


def _field(config: str, column: pa.Field) -> dict[str, Any] | None:
    is_list = pa.types.is_list(column.type)
    kind = _TYPES.get(str(column.type.value_type if is_list else column.type))
    if kind is None:
        return None
    source = {"fileObject": {"@id": f"{config}-file"}, "extract": {"column": column.name}}
    field = {"@type": "cr:Field", "@id": f"{config}/{column.name}", "name": column.name, "dataType": kind, "source": source}
    return {**field, "isArray": True, "arrayShape": "-1"} if is_list else field
